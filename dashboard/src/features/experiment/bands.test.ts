import { describe, expect, it } from "vitest";
import type { ClaimJudged, ExperimentWindowView } from "~/api/schema";
import { arms, claimBand, extent, isMeasure, savingBand, stacked, until } from "./bands";

const claim = (
  claimed: ClaimJudged["claim"],
  reductionPct: number | null,
  lowerPct: number | null,
  upperPct: number | null,
): ClaimJudged => ({
  claim: claimed,
  outcome: "inconclusive",
  scope: "",
  reductionPct,
  lowerPct,
  upperPct,
  missing: [],
});
const totals = (seriesActive: number, cpuMs = 0) => ({ seriesActive, cpuMs, residentBytes: 0 }) as ExperimentWindowView["baseline"];
const window = (number: number, more: Partial<ExperimentWindowView> = {}): ExperimentWindowView => ({
  number,
  at: `2026-01-01T00:00:${String(number).padStart(2, "0")}.000001Z`,
  hosts: 2,
  seconds: 5,
  void: false,
  voidHosts: 0,
  counts: true,
  baseline: totals(100),
  candidate: totals(25),
  reductionPct: 75,
  evidence: null,
  claims: [],
  saving: null,
  ...more,
});

describe("what was known at a moment", () => {
  const all = [window(1), window(2), window(3)];

  it("is what had been recorded by then, to the microsecond", () => {
    expect(until(all, "2026-01-01T00:00:02.000001Z").map((w) => w.number)).toEqual([1, 2]);
    expect(until(all, "2026-01-01T00:00:02.000000Z").map((w) => w.number)).toEqual([1]);
    expect(until(all, null)).toHaveLength(3);
  });
});

describe("the band of a claim", () => {
  it("leaves out windows that are no evidence, and has a gap before there is an interval", () => {
    const band = claimBand(
      [
        window(1, { counts: false }),
        window(2, { claims: [claim("observed", 70, null, null), claim("hosts", null, null, null)] }),
        window(3, { claims: [claim("hosts", 74, 60, 88)] }),
      ],
      "hosts",
    );
    expect(band.map((p) => [p.window, p.estimate, p.low, p.high])).toEqual([
      [2, null, null, null],
      [3, 74, 60, 88],
    ]);
    const { lower, width } = stacked(band);
    expect(lower.map(([, v]) => v)).toEqual([null, 60]);
    expect(width.map(([, v]) => v)).toEqual([null, 28]);
  });

  it("stacks an interval with a loss below", () => {
    const { lower, width } = stacked([{ at: 0, window: 1, estimate: 0, low: -5, high: 5 }]);
    expect([lower[0]?.[1], width[0]?.[1]]).toEqual([-5, 10]);
  });

  it("in money is of windows that could be priced", () => {
    const band = savingBand([window(1), window(2, { saving: { low: 1, high: 3, estimate: 2, currency: "USD" } })]);
    expect(band).toEqual([{ at: Date.parse(window(2).at), window: 2, estimate: 2, low: 1, high: 3 }]);
  });
});

describe("the extent of the axis", () => {
  const point = (estimate: number | null, low: number | null, high: number | null) => ({ at: 0, window: 0, estimate, low, high });

  it("shows what is asked, and all estimates", () => {
    const [min, max] = extent([point(50, null, null), point(60, null, null)], [10], -100, 100);
    expect(min).toBeLessThanOrEqual(10);
    expect(max).toBeGreaterThanOrEqual(60);
  });

  it("is not stretched by the first intervals, which are wide", () => {
    const points = [point(50, -100, 100), ...Array.from({ length: 7 }, () => point(50, 45, 55))];
    const [min, max] = extent(points, [], -100, 100);
    expect(min).toBeGreaterThan(40);
    expect(max).toBeLessThan(60);
  });

  it("never leaves its bounds, and is the whole where nothing is known", () => {
    expect(extent([point(100, 99, 100)], [], -100, 100)[1]).toBe(100);
    expect(extent([], [], -100, 100)).toEqual([-100, 100]);
  });
});

describe("both arms", () => {
  it("have a gap where a window is void", () => {
    const { baseline, candidate } = arms([window(1), window(2, { void: true, baseline: null, candidate: null })], "seriesActive");
    expect(baseline.map(([, v]) => v)).toEqual([100, null]);
    expect(candidate.map(([, v]) => v)).toEqual([25, null]);
  });

  it("say CPU as a share of one core, mean over hosts", () => {
    // 1 s of CPU time on two hosts in 5 s is 10 % of a core each.
    const { baseline } = arms([window(1, { baseline: totals(1, 1_000) })], "cpu");
    expect(baseline[0]?.[1]).toBeCloseTo(10);
  });

  it("are drawn by what is known", () => {
    expect(isMeasure("cpu")).toBe(true);
    expect(isMeasure("constructor")).toBe(false);
    expect(isMeasure(undefined)).toBe(false);
  });
});
