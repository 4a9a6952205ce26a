import type { ArmTotals, ExperimentWindowView, VerdictClaim } from "~/api/schema";
import { type Moment, toMicros } from "~/shared/as-of/moments";

/** What an experiment knew at a moment: the windows that had been recorded by then. */
export function until(windows: readonly ExperimentWindowView[], at: Moment | null): ExperimentWindowView[] {
  if (at === null) return [...windows];
  const moment = toMicros(at);
  return windows.filter((w) => toMicros(w.at) <= moment);
}

export interface BandPoint {
  /** Milliseconds since 1970. */
  at: number;
  window: number;
  estimate: number | null;
  low: number | null;
  high: number | null;
}

/** How an interval narrowed: what the claim said after each window that counts. */
export function claimBand(windows: readonly ExperimentWindowView[], claim: VerdictClaim): BandPoint[] {
  return windows
    .filter((w) => w.counts)
    .map((w) => {
      const said = w.claims.find((c) => c.claim === claim);
      return {
        at: Date.parse(w.at),
        window: w.number,
        estimate: said?.reductionPct ?? null,
        low: said?.lowerPct ?? null,
        high: said?.upperPct ?? null,
      };
    });
}

/** The same in money a month. Windows that could not be priced are left out. */
export function savingBand(windows: readonly ExperimentWindowView[]): BandPoint[] {
  return windows.flatMap((w) =>
    w.saving === null
      ? []
      : [{ at: Date.parse(w.at), window: w.number, estimate: w.saving.estimate, low: w.saving.low, high: w.saving.high }],
  );
}

/** An interval as two stacked lines: the invisible lower one and what lies on it. Where there is no interval both are gaps. */
export function stacked(points: readonly BandPoint[]): { lower: [number, number | null][]; width: [number, number | null][] } {
  const whole = (p: BandPoint) => p.low !== null && p.high !== null;
  return {
    lower: points.map((p) => [p.at, whole(p) ? p.low : null]),
    width: points.map((p) => [p.at, p.low !== null && p.high !== null ? p.high - p.low : null]),
  };
}

/**
 * What an axis should show: all estimates, bounds and what is asked, but of the first intervals, which are wide, only so much that the later ones can be
 * told apart.
 */
export function extent(points: readonly BandPoint[], besides: readonly number[], floor: number, ceiling: number): [number, number] {
  const estimates = points.flatMap((p) => (p.estimate === null ? [] : [p.estimate]));
  const bounded = points.filter((p) => p.low !== null && p.high !== null);
  // From a quarter on: before that an interval says little.
  const bounds = bounded.slice(Math.floor(bounded.length / 4)).flatMap((p) => [p.low as number, p.high as number]);
  const all = [...estimates, ...bounds, ...besides];
  if (all.length === 0) return [floor, ceiling];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = Math.max((most - least) * 0.1, Math.abs(most) * 0.01, 1e-9);
  return [Math.max(floor, least - margin), Math.min(ceiling, most + margin)];
}

/** What can be drawn of both arms. */
export const MEASURES = {
  seriesActive: { label: "Live series", unit: "series", of: (a: ArmTotals) => a.seriesActive },
  seriesDistinct: { label: "Distinct series", unit: "series", of: (a: ArmTotals) => a.seriesDistinct },
  points: { label: "Points per window", unit: "points", of: (a: ArmTotals) => a.points },
  samples: { label: "Samples per window", unit: "samples", of: (a: ArmTotals) => a.samples },
  wireBytes: { label: "Bytes sent per window", unit: "bytes", of: (a: ArmTotals) => a.wireBytes },
  // Mean over the hosts, of one core.
  cpu: {
    label: "CPU",
    unit: "% of a core",
    of: (a: ArmTotals, w: ExperimentWindowView) => (w.seconds > 0 ? a.cpuMs / (w.seconds * 10 * Math.max(1, w.hosts)) : null),
  },
  memory: { label: "Memory", unit: "bytes", of: (a: ArmTotals, w: ExperimentWindowView) => a.residentBytes / Math.max(1, w.hosts) },
} as const satisfies Record<string, { label: string; unit: string; of: (arm: ArmTotals, window: ExperimentWindowView) => number | null }>;

export type Measure = keyof typeof MEASURES;

export const isMeasure = (value: unknown): value is Measure => typeof value === "string" && Object.hasOwn(MEASURES, value);

/** Both arms over time; a void window is a gap. */
export function arms(
  windows: readonly ExperimentWindowView[],
  measure: Measure,
): { baseline: [number, number | null][]; candidate: [number, number | null][] } {
  const line = (arm: "baseline" | "candidate") =>
    windows.map((w): [number, number | null] => {
      const totals = w[arm];
      return [Date.parse(w.at), totals === null ? null : MEASURES[measure].of(totals, w)];
    });
  return { baseline: line("baseline"), candidate: line("candidate") };
}
