import type { LedgerRow } from "~/api/schema";

/** Per cent of the series that are still sent; null where there were none. */
export const keptPct = (row: Pick<LedgerRow, "before" | "after">): number | null =>
  row.before.series > 0 ? (100 * row.after.series) / row.before.series : null;
