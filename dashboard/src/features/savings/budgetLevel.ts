/** How much of a budget is spent, in a word; `unknown` where that cannot be told. */
export type BudgetLevel = "unknown" | "within" | "reached" | "exceeded";

export function budgetLevel(spentPct: number | null, thresholdsPct: readonly number[]): BudgetLevel {
  if (spentPct === null) return "unknown";
  if (spentPct >= 100) return "exceeded";
  return thresholdsPct.some((t) => spentPct >= t) ? "reached" : "within";
}
