import { describe, expect, it } from "vitest";
import { flag, oneOf, text, whole, words } from "./read";

describe("what is read from an address", () => {
  it("is a text again where it looked like a number", () => {
    expect(text("2.1.0")).toBe("2.1.0");
    expect(text(2)).toBe("2");
    expect(text(true)).toBe("true");
    expect(text(" ")).toBeUndefined();
    expect(text({})).toBeUndefined();
  });

  it("is one of the words that are known", () => {
    expect(oneOf("lost", ["active", "lost"])).toBe("lost");
    expect(oneOf("Lost", ["active", "lost"])).toBeUndefined();
    expect(oneOf(undefined, ["active"])).toBeUndefined();
  });

  it("keeps no apart from nothing", () => {
    expect(flag(false)).toBe(false);
    expect(flag("true")).toBe(true);
    expect(flag("yes")).toBeUndefined();
  });

  it("is a whole number or nothing", () => {
    expect(whole("60")).toBe(60);
    expect(whole(1.5)).toBeUndefined();
    expect(whole("")).toBeUndefined();
  });

  it("names each word once", () => {
    expect(words("a, b,,a")).toEqual(["a", "b"]);
    expect(words(undefined)).toEqual([]);
  });
});
