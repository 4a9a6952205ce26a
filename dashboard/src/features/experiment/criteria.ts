import type { ClaimJudged, ExperimentView, VerdictOutcome } from "~/api/schema";
import { claimWords } from "~/shared/experiments/claims";
import { percent } from "~/shared/format/numbers";

export type Judged = "met" | "notMet" | "undecided";

export interface Criterion {
  name: string;
  asked: string;
  measured: string;
  judged: Judged;
}

/** How a claim stands to what is asked of it. */
export const asJudged = (outcome: ClaimJudged["outcome"]): Judged => (outcome === null ? "undecided" : AS[outcome]);

const AS: Record<NonNullable<VerdictOutcome>, Judged> = { promote: "met", reject: "notMet", inconclusive: "undecided" };

/** What a promotion asks, as the evidence stands: every one has to be met. */
export function criteria(x: Pick<ExperimentView, "criteria" | "claims" | "evidence" | "protectedMetrics">): Criterion[] {
  const { criteria: asked, evidence } = x;
  const claim = x.claims.find((c) => c.claim === asked.claim);
  const interval = claim?.lowerPct != null && claim.upperPct != null ? `, ${percent(claim.lowerPct)} to ${percent(claim.upperPct)}` : "";
  const none = "nothing measured yet";
  return [
    {
      name: "Live series are reduced",
      asked: `by ${percent(asked.minSeriesReductionPct)} or more (${claimWords(asked.claim).short})`,
      measured: claim?.reductionPct == null ? none : `${percent(claim.reductionPct)}${interval}`,
      judged: claim === undefined ? "undecided" : asJudged(claim.outcome),
    },
    {
      name: "What leaves is what came in",
      asked: `no label group is off by more than ${percent(asked.maxConservationErrorPct, 3)}`,
      measured:
        evidence === null || evidence.incrementsChecked === 0
          ? none
          : `worst group off by ${percent(evidence.worstGroupErrorPct, 3)} of ${evidence.conservationGroups} groups`,
      judged:
        evidence === null || evidence.incrementsChecked === 0
          ? "undecided"
          : evidence.worstGroupErrorPct <= asked.maxConservationErrorPct
            ? "met"
            : "notMet",
    },
    {
      name: "Protected metrics leave untouched",
      asked: "every stream of them",
      measured:
        evidence === null
          ? none
          : evidence.protectedExpected === 0
            ? x.protectedMetrics.length === 0
              ? "no metric is protected"
              : "none of them was seen yet"
            : `${evidence.protectedRetained} of ${evidence.protectedExpected} streams`,
      judged:
        evidence === null || (evidence.protectedExpected === 0 && x.protectedMetrics.length > 0)
          ? "undecided"
          : evidence.protectedRetained === evidence.protectedExpected
            ? "met"
            : "notMet",
    },
  ];
}
