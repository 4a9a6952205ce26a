import { describe, expect, it } from "vitest";
import { experimentSearch } from "./search";

describe("the address of an experiment", () => {
  it("keeps what it can mean, also a host whose name is a number", () => {
    const search = { tab: "decisions", at: "2026-11-27T06:55:00Z", around: 30, measure: "cpu", host: 17, arm: "candidate", windows: true };
    expect(experimentSearch(search)).toEqual({ ...search, host: "17", backend: undefined });
  });

  it("leaves out what it cannot", () => {
    const search = experimentSearch({ tab: "x", at: "now", around: 7, measure: "toString", host: "", arm: "left", windows: false });
    expect(Object.values(search).every((value) => value === undefined)).toBe(true);
  });
});
