import { describe, expect, it } from "vitest";
import { around, atSearch, chosen, fromMicros, justAfter, marks, parseMoment, stepOf, toMicros } from "./moments";

describe("a moment in an address", () => {
  it("is kept in full", () => {
    expect(parseMoment("2026-11-27T06:55:47.123456Z")).toBe("2026-11-27T06:55:47.123456Z");
    expect(parseMoment("2026-11-27T06:55:47.123456+00:00")).toBe("2026-11-27T06:55:47.123456+00:00");
    expect(atSearch({ at: "2026-11-27T06:55:47Z", tab: "x" })).toEqual({ at: "2026-11-27T06:55:47Z" });
  });

  it("that is none shows how it is now", () => {
    for (const wrong of ["yesterday", "2026-13-40T00:00:00Z", "2026-11-27", 5, null, undefined, "2026-11-27T06:55:47Z; x"])
      expect(parseMoment(wrong)).toBeNull();
    expect(atSearch({ at: "now", around: 7 })).toEqual({});
    expect(atSearch({ at: "2026-11-27T06:55:47Z", around: 30 })).toEqual({ at: "2026-11-27T06:55:47Z", around: 30 });
  });
});

describe("microseconds", () => {
  it("come back as they were", () => {
    for (const text of [
      "2026-11-27T06:55:47.123456Z",
      "1999-12-31T23:59:59.999999Z",
      "2026-01-01T00:00:00.000000Z",
      "1969-12-31T23:59:59.500000Z",
    ])
      expect(fromMicros(toMicros(text))).toBe(text);
  });

  it("know offsets and short fractions", () => {
    expect(toMicros("2026-11-27T08:55:47.5+02:00")).toBe(toMicros("2026-11-27T06:55:47.500000Z"));
    expect(toMicros("2026-11-27T06:55:47.1234569Z")).toBe(toMicros("2026-11-27T06:55:47.123456Z"));
  });

  it("step to the next one, over a second too", () => {
    expect(justAfter("2026-11-27T06:55:47.123456Z")).toBe("2026-11-27T06:55:47.123457Z");
    expect(justAfter("2026-11-27T06:55:59.999999Z")).toBe("2026-11-27T06:56:00.000000Z");
  });

  it("of what is around a moment take the moment in and what happened in its last minute", () => {
    expect(around("2026-11-27T06:55:00Z", 5)).toEqual({ from: "2026-11-27T06:50:00.000000Z", until: "2026-11-27T07:00:00.000001Z" });
  });
});

describe("marks of density", () => {
  const begin = Date.parse("2026-01-01T00:00:00Z");
  const end = begin + 100_000;

  it("stand where something happened, as high as much happened", () => {
    expect(marks({ from: "2026-01-01T00:00:00Z", bucketSeconds: 25, counts: [4, 0, 1, 16] }, begin, end)).toEqual([
      { left: 0, width: 0.25, height: 0.5, count: 4 },
      { left: 0.5, width: 0.25, height: 0.25, count: 1 },
      { left: 0.75, width: 0.25, height: 1, count: 16 },
    ]);
  });

  it("stay inside of the slider, though it ends elsewhere", () => {
    const all = marks({ from: "2025-12-31T23:59:50Z", bucketSeconds: 20, counts: [1, 1, 1, 1, 1, 1, 1] }, begin, end);
    for (const { left, width } of all) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(1 + 1e-9);
    }
    expect(all).toHaveLength(6);
  });

  it("are none where nothing happened or there is no time", () => {
    expect(marks({ from: "2026-01-01T00:00:00Z", bucketSeconds: 1, counts: [0, 0] }, begin, end)).toEqual([]);
    expect(marks({ from: "2026-01-01T00:00:00Z", bucketSeconds: 1, counts: [1] }, begin, begin)).toEqual([]);
  });
});

describe("the slider", () => {
  it("shows now at its right end, and a moment elsewhere", () => {
    expect(chosen(5_000, 1_000, 5_000)).toBeNull();
    expect(chosen(1_500, 1_000, 5_000)).toBe("1970-01-01T00:00:01.500Z");
    expect(chosen(0, 1_000, 5_000)).toBe("1970-01-01T00:00:01.000Z");
  });

  it("shows now at its last value too, where the range is no multiple of the step", () => {
    const [begin, end] = [0, 10_400];
    const last = begin + Math.round((end - begin) / stepOf(begin, end)) * stepOf(begin, end);
    expect(last).toBe(10_000);
    expect(chosen(last, begin, end)).toBeNull();
    expect(chosen(last - stepOf(begin, end), begin, end)).toBe("1970-01-01T00:00:09.000Z");
  });

  it("steps by a second at least", () => {
    expect(stepOf(0, 60_000)).toBe(1_000);
    expect(stepOf(0, 86_400_000)).toBe(86_400);
  });
});
