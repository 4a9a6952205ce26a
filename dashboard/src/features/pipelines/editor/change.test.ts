import { describe, expect, it } from "vitest";
import { changeBetween } from "./change";

const TEXTS = ["", "a", "aa", "aaa", "abc", "abbc", "abcabc", "xabc", "abcx", "line\nline\nline", "line\nother\nline"];

describe("the change between two texts", () => {
  it("makes the one of the other, for every pair", () => {
    for (const before of TEXTS)
      for (const after of TEXTS) {
        const change = changeBetween(before, after);
        const made = change === null ? before : before.slice(0, change.from) + change.insert + before.slice(change.to);
        expect(made).toBe(after);
        expect(change === null).toBe(before === after);
      }
  });

  it("leaves what both begin and end with", () => {
    expect(changeBetween("line\nline\nend", "line\nmore\nline\nend")).toEqual({ from: 5, to: 5, insert: "more\n" });
  });
});
