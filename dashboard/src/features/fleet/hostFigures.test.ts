import { describe, expect, it } from "vitest";
import { cpuPct, flowFigures } from "./hostFigures";

const flow = { seconds: 30, seriesIn: 1000, seriesOut: 250, pointsIn: 500, pointsOut: 100, exportErrors: 2, droppedPoints: 3, cpuMs: 600 };

describe("a window of a collector", () => {
  it("is told per minute, and as what it saves", () => {
    expect(flowFigures(flow)).toMatchObject({ samplesPerMinuteIn: 1000, samplesPerMinuteOut: 200, reductionPct: 75, exportErrors: 2 });
    expect(cpuPct(flow)).toBe(2);
  });

  it("has no rate and no saving where nothing was measured", () => {
    const nothing = { ...flow, seconds: 0, seriesIn: 0, seriesOut: 0 };
    expect(flowFigures(nothing)).toMatchObject({ samplesPerMinuteIn: null, reductionPct: null });
    expect(cpuPct(nothing)).toBeNull();
  });
});
