import type { ClaimJudged, ExperimentCostView, ExperimentView, VerdictClaim } from "~/api/schema";
import { CLAIMS } from "~/shared/experiments/claims";
import { outcomeLabel, stateLabel } from "~/shared/experiments/StateBadge";
import { bytes, count, duration, money, percent, UNKNOWN } from "~/shared/format/numbers";
import { BREACHES } from "../breaches";

export interface Compared {
  experiment: ExperimentView;
  /** Null where it is not known (yet). */
  cost: ExperimentCostView | null;
  /** Why it is not. */
  costProblem: string | null;
}

export interface Row {
  label: string;
  cells: string[];
  differs: boolean;
}

export interface Section {
  title: string;
  rows: Row[];
}

export const claimOf = (x: ExperimentView, claim: VerdictClaim): ClaimJudged | undefined => x.claims.find((c) => c.claim === claim);

/** The claim that the verdict is asked of. */
export const askedClaim = (x: ExperimentView): ClaimJudged | undefined => claimOf(x, x.criteria.claim ?? "observed");

/** 81.2 % (79.9 to 82.4 %), or what is missing for an interval. */
export function interval(claim: ClaimJudged | undefined): string {
  if (claim === undefined) return UNKNOWN;
  if (claim.reductionPct == null) return claim.missing.length > 0 ? `Open: ${claim.missing.map(String).join("; ")}` : UNKNOWN;
  if (claim.lowerPct == null || claim.upperPct == null) return percent(claim.reductionPct);
  return `${percent(claim.reductionPct)} (${percent(claim.lowerPct)} to ${percent(claim.upperPct)})`;
}

const hostsOf = (x: ExperimentView): string => {
  const by = x.selector ? `with ${x.selector}` : x.group ? `of group ${x.group}` : x.hosts.slice(0, 5).map(String).join(", ");
  const more = x.selector || x.group || x.hosts.length <= 5 ? "" : ` and ${count(x.hosts.length - 5)} more`;
  return `${count(x.hosts.length)}: ${by}${more}`;
};

/** Side by side, row by row; a row differs where not all experiments say the same. */
export function compare(all: readonly Compared[]): Section[] {
  const row = (label: string, cell: (x: ExperimentView, cost: ExperimentCostView | null, costProblem: string | null) => string): Row => {
    const cells = all.map(({ experiment, cost, costProblem }) => cell(experiment, cost, costProblem));
    return { label, cells, differs: new Set(cells).size > 1 };
  };
  const evidence = (label: string, cell: (e: NonNullable<ExperimentView["evidence"]>, x: ExperimentView) => string) =>
    row(label, (x) => (x.evidence == null ? UNKNOWN : cell(x.evidence, x)));
  return [
    {
      title: "Verdict",
      rows: [
        row("State", (x) => stateLabel(x.state)),
        row("Verdict", (x) => (x.verdict?.outcome == null ? UNKNOWN : outcomeLabel(x.verdict.outcome))),
        row("Speaks of", (x) => x.verdict?.scope ?? UNKNOWN),
        row("Because", (x) => x.verdict?.reasons.map(String).join("; ") || UNKNOWN),
        row("Guardrail that did not hold", (x) => (x.breach == null ? "None" : `${BREACHES[x.breach.guardrail]}: ${x.breach.detail}`)),
      ],
    },
    {
      title: "Reduction",
      rows: [
        ...(["observed", "hosts", "fleet"] as const)
          .filter((claim) => all.some(({ experiment }) => claimOf(experiment, claim) !== undefined))
          .map((claim) => row(`Live series, ${CLAIMS[claim].name.toLowerCase()}`, (x) => interval(claimOf(x, claim)))),
        row("Required", (x) => percent(x.criteria.minSeriesReductionPct)),
        evidence("Distinct series", (e) => percent(e.seriesReductionPct)),
        evidence("Points", (e) => percent(e.pointsReductionPct)),
        evidence("Bytes", (e) => percent(e.bytesReductionPct)),
        evidence("Live series, mean of a window", (e) => `${count(e.baselineLiveSeries)} → ${count(e.candidateLiveSeries)}`),
        evidence("Measured", (e, x) => `${duration(60 * e.measuredMinutes)} in ${count(x.windows)} windows`),
        row("Void windows of hosts", (x) => count(x.voidWindows)),
      ],
    },
    {
      title: "Money",
      rows: [
        evidence("Saves a month", (e) => money(e.saving?.perMonth, e.saving?.currency)),
        evidence("Bill of the baseline, a month", (e) => money(e.saving?.baselinePerMonth, e.saving?.currency)),
        evidence("Bill of the candidate, a month", (e) => money(e.saving?.candidatePerMonth, e.saving?.currency)),
        row("Net of what it takes to run, a month", (_, cost, problem) =>
          cost?.net != null ? money(cost.net.netPerMonth, cost.net.currency) : (cost?.whyNoNet?.detail ?? problem ?? UNKNOWN),
        ),
        row("Cost of the experiment, once", (_, cost) => (cost === null ? UNKNOWN : money(cost.cost.total, cost.cost.currency))),
        row("Priced by", (x) => x.priceEntry),
      ],
    },
    {
      title: "Guardrails",
      rows: [
        evidence(
          "Conservation error",
          (e, x) => `${percent(e.conservationErrorPct, 3)} of ${percent(x.criteria.maxConservationErrorPct, 3)}`,
        ),
        evidence("Worst group", (e) => (e.worstGroup ? `${e.worstGroup}: ${percent(e.worstGroupErrorPct, 3)}` : "None")),
        evidence("Protected streams kept", (e) => `${count(e.protectedRetained)} of ${count(e.protectedExpected)}`),
        evidence("Candidate's CPU, of one core", (e, x) => `${percent(e.candidateCpuPct)} of ${percent(x.criteria.maxCandidateCpuPct)}`),
        evidence("Candidate's memory", (e, x) => `${bytes(e.candidateResidentBytes)} of ${bytes(x.criteria.maxCandidateResidentBytes)}`),
        row("Added delay, at most", (x) => duration(x.criteria.maxAddedDelaySeconds)),
        row("Hosts that failed", (x) => (x.failedHosts.length === 0 ? "None" : x.failedHosts.map((h) => h.hostId).join(", "))),
      ],
    },
    {
      title: "Design",
      rows: [
        row("Hypothesis", (x) => x.hypothesis || UNKNOWN),
        row("Baseline", (x) => `${x.baseline.name} v${x.baseline.version}`),
        row("Candidate", (x) => `${x.candidate.name} v${x.candidate.version}`),
        row("Hosts", hostsOf),
        row("Hosts drawn", (x) => (x.sampleHosts == null ? "All take part" : count(x.sampleHosts))),
        row("Claim", (x) => CLAIMS[x.criteria.claim ?? "observed"].name),
        row("Warm-up", (x) => duration(x.plan.warmUpSeconds)),
        row("Measuring time", (x) => duration(x.plan.durationSeconds)),
        row("Window", (x) => duration(x.plan.windowSeconds)),
        row("Protected metrics", (x) => x.protectedMetrics.map(String).join(", ") || "None"),
      ],
    },
  ];
}

/** Only the rows that differ, and only sections that have such. */
export const differing = (sections: readonly Section[]): Section[] =>
  sections.map((s) => ({ ...s, rows: s.rows.filter((r) => r.differs) })).filter((s) => s.rows.length > 0);
