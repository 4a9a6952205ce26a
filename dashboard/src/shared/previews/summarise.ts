import type { PreviewReport, PreviewView } from "~/api/schema";

export interface MetricSum {
  metric: string;
  seriesIn: number;
  seriesOut: number;
  labels: string[];
}

export interface PreviewSummary {
  /** Of the previews that have a report. */
  ids: string[];
  hosts: number;
  seriesIn: number;
  seriesOut: number;
  seriesReductionPct: number | null;
  pointsIn: number;
  pointsOut: number;
  pointsReductionPct: number | null;
  wireBytesIn: number;
  wireBytesOut: number;
  bytesReductionPct: number | null;
  /** Of the host with the largest: errors are shares of each host's own sum and do not add. */
  conservationErrorPct: number;
  worstMetric: string | null;
  increments: number;
  protectedExpected: number;
  protectedRetained: number;
  protectedMissing: string[];
  dropped: { rule: string; points: number }[];
  metrics: MetricSum[];
  /** Points beyond the bound of tracked streams: where there are any, the counts are not exact. */
  untrackedPoints: number;
  missedBatches: number;
  whole: boolean;
  from: string;
  to: string;
}

/** The share by which there is less of something, in per cent; null where there was nothing. */
export const reductionPct = (before: number, after: number): number | null => (before > 0 ? 100 * (1 - after / before) : null);

/** What previews on several hosts say together; null where none has a report. Identities include the host, so counts add. */
export function summarise(previews: readonly PreviewView[]): PreviewSummary | null {
  const reports = previews.flatMap((p) => (p.report == null ? [] : [p.report]));
  const [first] = reports;
  if (first === undefined) return null;
  const sum = (of: (report: PreviewReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const worst = reports.reduce((a, b) => (b.conservation.errorPct > a.conservation.errorPct ? b : a)).conservation;
  const seriesIn = sum((r) => r.input.seriesActive);
  const seriesOut = sum((r) => r.output.seriesActive);
  const pointsIn = sum((r) => r.input.points);
  const pointsOut = sum((r) => r.output.points);
  const wireBytesIn = sum((r) => r.wireBytesIn);
  const wireBytesOut = sum((r) => r.wireBytesOut);
  return {
    ids: previews.flatMap((p) => (p.report == null ? [] : [p.id])),
    hosts: reports.length,
    seriesIn,
    seriesOut,
    seriesReductionPct: reductionPct(seriesIn, seriesOut),
    pointsIn,
    pointsOut,
    pointsReductionPct: reductionPct(pointsIn, pointsOut),
    wireBytesIn,
    wireBytesOut,
    bytesReductionPct: reductionPct(wireBytesIn, wireBytesOut),
    conservationErrorPct: worst.errorPct,
    worstMetric: worst.worstMetric || null,
    increments: sum((r) => r.conservation.increments),
    protectedExpected: sum((r) => r.protected.expected),
    protectedRetained: sum((r) => r.protected.retained),
    protectedMissing: [...new Set(reports.flatMap((r) => r.protected.missing.map(String)))].sort(),
    dropped: added(
      reports.flatMap((r) => r.conservation.dropped),
      (d) => d.rule,
      (a, b) => ({ ...a, points: a.points + b.points }),
    ).sort((a, b) => b.points - a.points),
    metrics: added(
      reports.flatMap((r) => r.changes.map((c) => ({ ...c, labels: c.labels.map(String) }))),
      (m) => m.metric,
      (a, b) => ({
        metric: a.metric,
        seriesIn: a.seriesIn + b.seriesIn,
        seriesOut: a.seriesOut + b.seriesOut,
        labels: [...new Set([...a.labels, ...b.labels])],
      }),
    ).sort((a, b) => b.seriesIn - b.seriesOut - (a.seriesIn - a.seriesOut)),
    untrackedPoints: sum((r) => r.untrackedPoints),
    missedBatches: sum((r) => r.sample.missedBatches),
    whole: reports.every((r) => r.sample.whole),
    from: reports.map((r) => r.sample.from).sort()[0] ?? first.sample.from,
    to:
      reports
        .map((r) => r.sample.to)
        .sort()
        .at(-1) ?? first.sample.to,
  };
}

function added<T>(items: readonly T[], key: (item: T) => string, add: (a: T, b: T) => T): T[] {
  const sums = new Map<string, T>();
  for (const item of items) {
    const before = sums.get(key(item));
    sums.set(key(item), before === undefined ? item : add(before, item));
  }
  return [...sums.values()];
}

/** Whether nothing more will come of it. */
export const isSettled = (preview: PreviewView): boolean =>
  preview.state === "succeeded" || preview.state === "deadLettered" || preview.state === "cancelled";
