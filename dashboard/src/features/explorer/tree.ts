import type { ExplorationView, ExploredLabel, ExploredMetric } from "~/api/schema";
import { type ExplorerSearch, isDescending } from "./search";

/** A line of the tree: a metric, a label of the opened metric, or a value of the opened label. */
export interface Branch {
  kind: "metric" | "label" | "value" | "rest";
  key: string;
  depth: 0 | 1 | 2;
  name: string;
  series: number;
  /** Of the series of everything explored, in per cent; null where nothing was found. */
  sharePct: number | null;
  monthlyCost: number | null;
  metric: ExploredMetric | null;
  label: ExploredLabel | null;
  opened: boolean;
}

export const isOpened = (label: ExploredLabel, search: ExplorerSearch): boolean =>
  label.name === search.label && (search.of === undefined || label.ofResource === (search.of === "resource"));

export const openedMetric = (view: ExplorationView, search: ExplorerSearch): ExploredMetric | null =>
  view.metrics.find((m) => m.name === search.metric) ?? null;

export const openedLabel = (metric: ExploredMetric | null, search: ExplorerSearch): ExploredLabel | null =>
  metric?.labels.find((l) => isOpened(l, search)) ?? null;

/** Metrics in which a text stands, in their name, a label's or a value. */
export function found(metrics: readonly ExploredMetric[], find: string | undefined): ExploredMetric[] {
  const text = find?.trim().toLowerCase() ?? "";
  if (text === "") return [...metrics];
  const has = (name: string) => name.toLowerCase().includes(text);
  return metrics.filter((m) => has(m.name) || m.labels.some((l) => has(l.name) || l.top.some((v) => has(v.value))));
}

export function sorted(metrics: readonly ExploredMetric[], search: Pick<ExplorerSearch, "sort" | "order">): ExploredMetric[] {
  const by = {
    series: (a: ExploredMetric, b: ExploredMetric) => a.series - b.series,
    cost: (a: ExploredMetric, b: ExploredMetric) => (a.monthlyCost ?? 0) - (b.monthlyCost ?? 0),
    name: (a: ExploredMetric, b: ExploredMetric) => a.name.localeCompare(b.name),
  }[search.sort ?? "series"];
  const way = isDescending(search) ? -1 : 1;
  return [...metrics].sort((a, b) => way * by(a, b) || a.name.localeCompare(b.name));
}

/** The lines of the table: all metrics, and what is below the opened one. */
export function branches(view: ExplorationView, search: ExplorerSearch): Branch[] {
  const share = (series: number) => (view.totalSeries === 0 ? null : (100 * series) / view.totalSeries);
  const lines: Branch[] = [];
  for (const metric of sorted(found(view.metrics, search.find), search)) {
    const opened = metric.name === search.metric;
    const line = (branch: Pick<Branch, "kind" | "key" | "depth" | "name" | "series" | "monthlyCost"> & Partial<Branch>): Branch => ({
      sharePct: share(branch.series),
      metric,
      label: null,
      opened: false,
      ...branch,
    });
    lines.push(
      line({
        kind: "metric",
        key: metric.name,
        depth: 0,
        name: metric.name,
        series: metric.series,
        monthlyCost: metric.monthlyCost,
        opened,
        sharePct: metric.sharePct,
      }),
    );
    if (!opened) continue;
    for (const label of metric.labels) {
      const open = isOpened(label, search);
      const key = `${metric.name}\n${label.ofResource}\n${label.name}`;
      lines.push(
        line({ kind: "label", key, depth: 1, name: label.name, series: label.series, monthlyCost: label.monthlyCost, label, opened: open }),
      );
      if (!open) continue;
      for (const value of label.top)
        lines.push(
          line({
            kind: "value",
            key: `${key}\n${value.value}`,
            depth: 2,
            name: value.value,
            series: value.series,
            monthlyCost: value.monthlyCost,
            label,
          }),
        );
      if (label.otherSeries > 0)
        lines.push(
          line({ kind: "rest", key: `${key}\nrest`, depth: 2, name: "Other values", series: label.otherSeries, monthlyCost: null, label }),
        );
    }
    if (metric.otherLabels > 0)
      lines.push(
        line({
          kind: "rest",
          key: `${metric.name}\nrest`,
          depth: 1,
          name: `${metric.otherLabels} labels with fewer values`,
          series: Number.NaN,
          monthlyCost: null,
          sharePct: null,
        }),
      );
  }
  if (view.otherSeries > 0 && (search.find ?? "") === "")
    lines.push({
      kind: "rest",
      key: "rest",
      depth: 0,
      name: "Other metrics",
      series: view.otherSeries,
      sharePct: share(view.otherSeries),
      monthlyCost: null,
      metric: null,
      label: null,
      opened: false,
    });
  return lines;
}
