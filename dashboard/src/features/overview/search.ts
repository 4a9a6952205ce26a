import type { FlowDimension } from "~/api/schema";
import { text } from "~/shared/search/read";

export const DIMENSIONS: { value: FlowDimension; label: string }[] = [
  { value: "metric", label: "Metric" },
  { value: "service", label: "Service" },
  { value: "namespace", label: "Namespace" },
];

export interface OverviewSearch {
  by?: FlowDimension;
  price?: string;
}

export function overviewSearch(search: Record<string, unknown>): OverviewSearch {
  return {
    by: DIMENSIONS.find((d) => d.value === search.by && d.value !== "metric")?.value,
    price: text(search.price),
  };
}
