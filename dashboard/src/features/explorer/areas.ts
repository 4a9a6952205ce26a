import type { ExplorationView } from "~/api/schema";
import type { ExplorerSearch } from "./search";
import { found, openedLabel, openedMetric } from "./tree";

/** A field of the map. */
export interface Area {
  name: string;
  /** What its size stands for. */
  value: number;
  series: number | null;
  monthlyCost: number | null;
  values: number | null;
  /** Where a click leads; null for what cannot be opened. */
  opens: Partial<ExplorerSearch> | null;
  isRest: boolean;
}

export interface Areas {
  /** What areas are of. */
  measure: "series" | "cost" | "values";
  areas: Area[];
}

/**
 * What the map shows of the opened branch: metrics, the labels of one, or the values of one of them. Labels of a metric overlap, since a series has several: their
 * size is how many values they have, which is by how much they multiply series.
 */
export function areasOf(view: ExplorationView, search: ExplorerSearch): Areas {
  const metric = openedMetric(view, search);
  const label = openedLabel(metric, search);
  const byCost = search.area === "cost" && view.monthlyCost !== null;
  const sized = (series: number, cost: number | null) => (byCost ? (cost ?? 0) : series);
  const measure = byCost ? "cost" : "series";
  const none = { values: null, opens: null, isRest: false };
  if (metric !== null && label !== null) {
    const areas: Area[] = label.top.map((v) => ({
      ...none,
      name: v.value,
      value: sized(v.series, v.monthlyCost),
      series: v.series,
      monthlyCost: v.monthlyCost,
    }));
    if (label.otherSeries > 0)
      areas.push({
        ...none,
        name: "Other values",
        value: sized(label.otherSeries, shareOf(metric.monthlyCost, label.otherSeries, metric.series)),
        series: label.otherSeries,
        monthlyCost: null,
        isRest: true,
      });
    return { measure, areas };
  }
  if (metric !== null)
    return {
      measure: "values",
      areas: metric.labels.map((l) => ({
        ...none,
        name: l.ofResource ? `${l.name} (resource)` : l.name,
        value: l.values,
        series: l.series,
        monthlyCost: l.monthlyCost,
        values: l.values,
        opens: { metric: metric.name, label: l.name, of: l.ofResource ? "resource" : "point" },
      })),
    };
  const areas: Area[] = found(view.metrics, search.find).map((m) => ({
    ...none,
    name: m.name,
    value: sized(m.series, m.monthlyCost),
    series: m.series,
    monthlyCost: m.monthlyCost,
    opens: { metric: m.name, label: undefined, of: undefined },
  }));
  if (view.otherSeries > 0 && (search.find ?? "") === "" && !byCost)
    areas.push({ ...none, name: "Other metrics", value: view.otherSeries, series: view.otherSeries, monthlyCost: null, isRest: true });
  return { measure, areas };
}

const shareOf = (cost: number | null, series: number, all: number): number | null =>
  cost === null || all === 0 ? null : (cost * series) / all;
