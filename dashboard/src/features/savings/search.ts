import type { LedgerDimension } from "~/api/schema";
import { oneOf, text, whole } from "~/shared/search/read";

export const TABS = ["ledger", "trend", "return", "proven", "what-if", "budgets"] as const;
export type SavingsTab = (typeof TABS)[number];

export const DIMENSIONS: { value: LedgerDimension; label: string }[] = [
  { value: "day", label: "Day" },
  { value: "experiment", label: "Experiment" },
  { value: "pipeline", label: "Pipeline" },
  { value: "group", label: "Group" },
  { value: "team", label: "Team" },
  { value: "service", label: "Service" },
];

export interface SavingsSearch {
  tab?: SavingsTab;
  by?: LedgerDimension;
  from?: string;
  to?: string;
  days?: number;
  price?: string;
  experiment?: string;
  currency?: string;
  /** The order of the table that is shown. */
  sort?: string;
}

const day = (value: unknown): string | undefined =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

/** What an address says, without what it cannot mean. */
export function savingsSearch(search: Record<string, unknown>): SavingsSearch {
  const days = whole(search.days);
  return {
    tab: oneOf(search.tab, TABS),
    by: DIMENSIONS.find((d) => d.value === search.by)?.value,
    from: day(search.from),
    to: day(search.to),
    days: days !== undefined && days >= 1 && days <= 366 ? days : undefined,
    price: text(search.price),
    sort: text(search.sort),
    experiment: text(search.experiment),
    currency: typeof search.currency === "string" && /^[A-Z]{3}$/.test(search.currency) ? search.currency : undefined,
  };
}
