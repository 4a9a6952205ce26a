import type { AuditEntry, WaveJudged } from "~/api/schema";

export interface Judgement {
  /** When; null where only the deployment tells it yet. */
  at: string | null;
  judged: WaveJudged;
}

/**
 * The judgements of every wave, newest first; a wave that was resumed is judged again.
 * @param events of the deployment, newest first.
 * @param last what the deployment itself says of its last judgement, which may be read before its event is.
 */
export function judgementsOf(events: readonly AuditEntry[], last: WaveJudged | null): Judgement[] {
  const told = events.filter((e) => e.type === "wave_judged").map((e): Judgement => ({ at: e.timestamp, judged: e.data as WaveJudged }));
  return last === null || told.some((t) => isSame(t.judged, last)) ? told : [{ at: null, judged: last }, ...told];
}

const isSame = (a: WaveJudged, b: WaveJudged): boolean =>
  a.wave === b.wave &&
  a.checks.length === b.checks.length &&
  a.checks.every((x) => b.checks.some((y) => x.kind === y.kind && x.outcome === y.outcome && x.detail === y.detail));
