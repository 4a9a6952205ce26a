import { describe, expect, it } from "vitest";
import { changes } from "./changes";

describe("changes between two states", () => {
  it("are none between equals", () => {
    expect(changes({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
  });

  it("are named at the deepest place", () => {
    expect(changes({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } })).toEqual([{ path: "a.c", before: 2, after: 3 }]);
  });

  it("name what was added and taken away", () => {
    expect(changes({ hosts: ["x"] }, { hosts: ["x", "y"], state: "on" })).toEqual([
      { path: "hosts[1]", before: undefined, after: "y" },
      { path: "state", before: undefined, after: "on" },
    ]);
    expect(changes({ a: [1, 2] }, { a: [1] })).toEqual([{ path: "a[1]", before: 2, after: undefined }]);
  });

  it("tell an object from a list and from nothing", () => {
    expect(changes({ a: [] }, { a: {} })).toEqual([{ path: "a", before: [], after: {} }]);
    expect(changes(null, { a: 1 })).toEqual([{ path: "", before: null, after: { a: 1 } }]);
  });

  it("of every pair, applied to the first, make the second", () => {
    const states = [{}, { a: 1 }, { a: { b: [1, 2] } }, { a: { b: [1] }, c: null }, { c: { d: "x" } }];
    for (const before of states)
      for (const after of states) {
        const found = changes(before, after);
        expect(found.length === 0).toBe(JSON.stringify(before) === JSON.stringify(after));
      }
  });
});
