import { describe, expect, it } from "vitest";
import type { ExperimentView } from "~/api/schema";
import { criteria } from "./criteria";

type Input = Parameters<typeof criteria>[0];
const evidence = (more: object = {}) =>
  ({
    incrementsChecked: 10,
    worstGroupErrorPct: 0.05,
    conservationGroups: 3,
    protectedExpected: 4,
    protectedRetained: 4,
    ...more,
  }) as ExperimentView["evidence"];
const input = (more: Partial<Input> = {}): Input => ({
  criteria: {
    minSeriesReductionPct: 10,
    maxConservationErrorPct: 0.1,
    maxCandidateCpuPct: 100,
    maxCandidateResidentBytes: 1,
    claim: "hosts",
  },
  claims: [
    { claim: "observed", outcome: "promote", scope: "", reductionPct: 50, lowerPct: null, upperPct: null, missing: [] },
    { claim: "hosts", outcome: "inconclusive", scope: "", reductionPct: 50, lowerPct: 5, upperPct: 95, missing: [] },
  ],
  evidence: evidence(),
  protectedMetrics: ["up"],
  ...more,
});
const judged = (x: Input) => criteria(x).map((c) => c.judged);

describe("success criteria", () => {
  it("ask the claim that was chosen, not a kinder one", () => {
    expect(judged(input())).toEqual(["undecided", "met", "met"]);
    expect(criteria(input())[0]?.measured).toBe("50.0 %, 5.0 % to 95.0 %");
    expect(judged(input({ criteria: { ...input().criteria, claim: "observed" } }))[0]).toBe("met");
  });

  it("are undecided before anything is measured", () => {
    expect(judged(input({ evidence: null, claims: [] }))).toEqual(["undecided", "undecided", "undecided"]);
    expect(judged(input({ evidence: evidence({ incrementsChecked: 0 }) }))[1]).toBe("undecided");
  });

  it("are not met by one lost stream or a group that is off", () => {
    expect(judged(input({ evidence: evidence({ protectedRetained: 3 }) }))[2]).toBe("notMet");
    expect(judged(input({ evidence: evidence({ worstGroupErrorPct: 0.2 }) }))[1]).toBe("notMet");
    expect(judged(input({ evidence: evidence({ worstGroupErrorPct: 0.1 }) }))[1]).toBe("met");
  });

  it("leave protected metrics open that were not seen, but ask nothing where none are", () => {
    const unseen = evidence({ protectedExpected: 0, protectedRetained: 0 });
    expect(judged(input({ evidence: unseen }))[2]).toBe("undecided");
    expect(judged(input({ evidence: unseen, protectedMetrics: [] }))[2]).toBe("met");
  });
});
