import { describe, expect, it } from "vitest";
import type { BudgetView, DeploymentView, FleetSummary, UndecidedExperiment } from "~/api/schema";
import { decide } from "./decide";

const experiment = (more: Partial<UndecidedExperiment> = {}) =>
  ({
    id: "e1",
    name: "lean",
    state: "completed",
    draftedAt: "2026-01-02T00:00:00Z",
    breach: null,
    outcome: "promote",
    scope: "this host",
    reductionPct: 75,
    ...more,
  }) as UndecidedExperiment;
const deployment = (more: Partial<DeploymentView> = {}) =>
  ({
    id: "d1",
    pipeline: { name: "lean", version: 2 },
    counts: { hosts: 1 },
    wave: 1,
    waves: [1, 2],
    detail: "",
    heldUntil: null,
    ...more,
  }) as DeploymentView;
const fleet = (more: Partial<FleetSummary> = {}) =>
  ({ hosts: 3, states: { active: 3 }, versions: {}, collectors: { healthy: 3, unhealthy: 0 }, drifted: 0, ...more }) as FleetSummary;

describe("what needs a decision", () => {
  it("is nothing where nothing is known or all is well", () => {
    expect(decide({})).toEqual([]);
    expect(decide({ undecided: [], awaiting: [], held: [], upgrades: [], budgets: [], fleet: fleet(), deadLetters: 0 })).toEqual([]);
  });

  it("is a verdict, with what it proved", () => {
    const [promote] = decide({ undecided: [experiment()] });
    expect(promote).toMatchObject({ kind: "Verdict: promote", to: "/experiments/$id", params: { id: "e1" }, rank: 2 });
    expect(promote?.detail).toContain("Proved for this host. 75.0 % fewer live series.");
    expect(decide({ undecided: [experiment({ reductionPct: null })] })[0]?.detail).toContain("Proved for this host. Promote it");
    expect(decide({ undecided: [experiment({ outcome: "reject" })] })[0]).toMatchObject({ kind: "Verdict: reject", rank: 3 });
  });

  it("is a breach, though the hosts are back already", () => {
    const breached = experiment({ state: "rolledBack", outcome: "reject", breach: "off by 5 %" });
    expect(decide({ undecided: [breached] })[0]).toMatchObject({ kind: "Guardrail breached", rank: 1 });
    expect(decide({ undecided: [breached] })[0]?.detail).toContain("off by 5 %.");
  });

  it("is a deployment that waits or is held, but not one that a freeze holds", () => {
    expect(decide({ awaiting: [deployment()] })[0]?.kind).toBe("Approval");
    expect(decide({ held: [deployment({ detail: "The gate is not met." })] })[0]?.detail).toBe("The gate is not met.");
    expect(decide({ held: [deployment({ heldUntil: "2026-01-02T00:00:00Z" })] })).toEqual([]);
  });

  it("is a level of a budget that was reached this month", () => {
    const budget = (month: string) =>
      ({
        id: "b",
        month: "2026-02",
        spent: 90,
        terms: { name: "all", amountPerMonth: 100, currency: "USD" },
        reached: [
          { month, thresholdPct: 80 },
          { month, thresholdPct: 100 },
        ],
      }) as unknown as BudgetView;
    expect(decide({ budgets: [budget("2026-02")] })[0]?.title).toBe("all has reached 100 %");
    expect(decide({ budgets: [budget("2026-01")] })).toEqual([]);
  });

  it("is a fleet that is not as it should be, each leading to its hosts", () => {
    const found = decide({ fleet: fleet({ drifted: 2, states: { active: 1, lost: 1 } }), deadLetters: 3 });
    expect(found.map((d) => [d.key, d.search])).toEqual([
      ["dead letters", { status: "deadLettered" }],
      ["drift", { drift: true }],
      ["lost", { state: "lost" }],
    ]);
  });

  it("shows the gravest first", () => {
    const ranks = decide({
      undecided: [experiment({ outcome: "inconclusive" }), experiment({ id: "e2" })],
      held: [deployment()],
      fleet: fleet({ drifted: 1 }),
    }).map((d) => d.rank);
    expect(ranks).toEqual([...ranks].sort());
  });
});
