import { describe, expect, it } from "vitest";
import { tickedIn } from "./useTicked";

describe("ticks in the address", () => {
  it("are added to what is there by then, and taken away", () => {
    expect(tickedIn(undefined, "a", true)).toBe("a");
    expect(tickedIn(tickedIn(undefined, "a", true), "b", true)).toBe("a,b");
    expect(tickedIn("a,b", "a", true)).toBe("a,b");
    expect(tickedIn("a,b", "a", false)).toBe("b");
    expect(tickedIn("b", "b", false)).toBeUndefined();
  });
});
