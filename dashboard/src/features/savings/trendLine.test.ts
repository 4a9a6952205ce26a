import { describe, expect, it } from "vitest";
import { trendLine } from "./trendLine";

const trend = { first: "2026-11-01", level: 100, centre: 2, perDay: 10, lower: 5, upper: 20, days: 5 };

describe("the line of a trend", () => {
  it("goes through its level in the middle, where the bounds meet", () => {
    expect(trendLine(trend, ["2026-11-03"])).toEqual([{ day: "2026-11-03", estimate: 100, lower: 100, upper: 100 }]);
  });

  it("holds its estimate between the bounds on both sides", () => {
    for (const point of trendLine(trend, ["2026-11-01", "2026-11-02", "2026-11-04", "2026-11-20"])) {
      expect(point.lower).toBeLessThanOrEqual(point.estimate);
      expect(point.upper).toBeGreaterThanOrEqual(point.estimate);
    }
    expect(trendLine(trend, ["2026-11-05"])[0]?.estimate).toBe(120);
  });
});
