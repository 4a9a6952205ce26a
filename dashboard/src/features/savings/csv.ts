import type { Span } from "./queries";

/** Where the control plane writes the ledger as CSV. */
export function csvOf(span: Span): string {
  const query = new URLSearchParams({ format: "csv" });
  for (const [key, value] of Object.entries(span)) if (value !== undefined) query.set(key, value);
  return `/api/v2/savings/ledger/export?${query}`;
}
