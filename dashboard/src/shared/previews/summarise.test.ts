import { describe, expect, it } from "vitest";
import type { PreviewView } from "~/api/schema";
import { summarise } from "./summarise";

const counts = (seriesActive: number, points: number) => ({ seriesActive, points });

const preview = (over: Record<string, unknown>): PreviewView =>
  ({
    id: "1",
    hostId: "a",
    state: "succeeded",
    report: {
      sample: { from: "2026-11-27T10:00:00Z", to: "2026-11-27T10:05:00Z", whole: true, missedBatches: 0 },
      input: counts(100, 1000),
      output: counts(40, 500),
      wireBytesIn: 2000,
      wireBytesOut: 1500,
      conservation: { errorPct: 0, increments: 10, worstMetric: null, dropped: [{ rule: "filter/a", points: 5 }] },
      protected: { expected: 3, retained: 3, missing: [] },
      changes: [
        { metric: "small", seriesIn: 10, seriesOut: 9, labels: ["x"] },
        { metric: "large", seriesIn: 90, seriesOut: 31, labels: ["id"] },
      ],
      untrackedPoints: 0,
      ...over,
    },
  }) as unknown as PreviewView;

describe("previews of several hosts", () => {
  it("say nothing before one has a report", () => {
    expect(summarise([])).toBeNull();
    expect(summarise([{ id: "1", hostId: "a", state: "queued", report: null } as unknown as PreviewView])).toBeNull();
  });

  it("add up counts and divide sums, so that an idle host does not outvote a busy one", () => {
    const both = summarise([preview({}), preview({ input: counts(900, 9000), output: counts(860, 9000) })]);
    const unanswered = { id: "2", hostId: "b", state: "queued", report: null } as unknown as PreviewView;
    expect(summarise([preview({}), unanswered])?.ids).toEqual(["1"]);
    expect(both).toMatchObject({ hosts: 2, seriesIn: 1000, seriesOut: 900, pointsIn: 10_000, pointsOut: 9500 });
    expect(both?.seriesReductionPct).toBeCloseTo(10);
    expect(both?.pointsReductionPct).toBeCloseTo(5);
  });

  it("show the largest error of any host, and every protected metric that is missing once", () => {
    const both = summarise([
      preview({ protected: { expected: 3, retained: 2, missing: ["up"] } }),
      preview({
        conservation: { errorPct: 2.5, increments: 4, worstMetric: "lossy", dropped: [{ rule: "filter/a", points: 7 }] },
        protected: { expected: 1, retained: 0, missing: ["up", "absent"] },
      }),
    ]);
    expect(both).toMatchObject({
      conservationErrorPct: 2.5,
      worstMetric: "lossy",
      increments: 14,
      protectedExpected: 4,
      protectedRetained: 2,
      protectedMissing: ["absent", "up"],
      dropped: [{ rule: "filter/a", points: 12 }],
    });
  });

  it("name the metrics that lose most first, added up over hosts", () => {
    const both = summarise([preview({}), preview({ changes: [{ metric: "small", seriesIn: 500, seriesOut: 1, labels: ["y"] }] })]);
    expect(both?.metrics).toEqual([
      { metric: "small", seriesIn: 510, seriesOut: 10, labels: ["x", "y"] },
      { metric: "large", seriesIn: 90, seriesOut: 31, labels: ["id"] },
    ]);
  });

  it("have no reduction where nothing came in", () => {
    expect(summarise([preview({ input: counts(0, 0), output: counts(0, 0) })])?.seriesReductionPct).toBeNull();
  });
});
