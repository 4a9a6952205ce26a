import { describe, expect, it } from "vitest";
import type { ExperimentCostView, ExperimentView } from "~/api/schema";
import { type Compared, compare, differing, interval } from "./compareRows";

const experiment = (over: Record<string, unknown> = {}): ExperimentView =>
  ({
    id: "1",
    name: "A",
    hypothesis: "",
    state: "completed",
    baseline: { name: "all", version: 1 },
    candidate: { name: "topk", version: 2 },
    hosts: ["a", "b"],
    plan: { warmUpSeconds: 60, durationSeconds: 3600, windowSeconds: 10 },
    criteria: {
      minSeriesReductionPct: 10,
      maxConservationErrorPct: 0.1,
      maxCandidateCpuPct: 100,
      maxCandidateResidentBytes: 2 ** 29,
      claim: "hosts",
      maxAddedDelaySeconds: 60,
    },
    protectedMetrics: [],
    priceEntry: "p",
    windows: 200,
    voidWindows: 0,
    evidence: null,
    verdict: null,
    breach: null,
    failedHosts: [],
    claims: [],
    selector: null,
    group: null,
    sampleHosts: null,
    ...over,
  }) as unknown as ExperimentView;

const one = (over: Record<string, unknown> = {}, cost: ExperimentCostView | null = null): Compared => ({
  experiment: experiment(over),
  cost,
  costProblem: null,
});

const rowOf = (all: Compared[], label: string) =>
  compare(all)
    .flatMap((s) => s.rows)
    .find((r) => r.label === label);

describe("experiments side by side", () => {
  it("differ where they do, and nowhere else", () => {
    const all = [one(), one({ plan: { warmUpSeconds: 60, durationSeconds: 7200, windowSeconds: 10 } })];
    expect(differing(compare(all))).toEqual([
      { title: "Design", rows: [{ label: "Measuring time", cells: ["1 h", "2 h"], differs: true }] },
    ]);
  });

  it("say nothing of what was not measured", () => {
    expect(rowOf([one(), one()], "Points")).toEqual({ label: "Points", cells: ["–", "–"], differs: false });
    expect(rowOf([one(), one()], "Net of what it takes to run, a month")?.cells).toEqual(["–", "–"]);
  });

  it("give the reason where there is no net saving", () => {
    const cost = {
      net: null,
      whyNoNet: { detail: "Nothing was priced." },
      cost: { total: 1.5, currency: "USD" },
    } as unknown as ExperimentCostView;
    expect(rowOf([one({}, cost), one()], "Net of what it takes to run, a month")?.cells).toEqual(["Nothing was priced.", "–"]);
    expect(rowOf([one({}, cost), one()], "Cost of the experiment, once")?.cells).toEqual(["$1.50", "–"]);
  });

  it("show the guardrail that did not hold", () => {
    const breach = { guardrail: "dataLoss", detail: "12 points were dropped." };
    expect(rowOf([one(), one({ breach })], "Guardrail that did not hold")?.cells).toEqual(["None", "Data lost: 12 points were dropped."]);
  });

  it("have an interval only where the claim has one, and else say what it lacks", () => {
    const claim = {
      claim: "hosts",
      outcome: "promote",
      scope: "",
      reductionPct: 81.23,
      lowerPct: 79.9,
      upperPct: 82.4,
      missing: [],
    } as const;
    expect(interval({ ...claim, missing: [] })).toBe("81.2 % (79.9 % to 82.4 %)");
    expect(interval({ ...claim, lowerPct: null, upperPct: null, missing: [] })).toBe("81.2 %");
    expect(interval({ ...claim, reductionPct: null, missing: ["40 windows"] })).toBe("Open: 40 windows");
    expect(interval(undefined)).toBe("–");
  });
});
