import type { AgentView } from "~/api/schema";

/** The production collector as the last heartbeat told it; undefined where none runs, or nothing was heard. */
export const productionCollector = (host: AgentView) => host.collectors.find((c) => c.arm === "production");

export interface FlowFigures {
  seriesIn: number;
  seriesOut: number;
  samplesPerMinuteIn: number | null;
  samplesPerMinuteOut: number | null;
  /** In per cent of what comes in; null where nothing came in. */
  reductionPct: number | null;
  exportErrors: number;
  droppedPoints: number;
}

type Flow = NonNullable<AgentView["collectors"][number]["flow"]>;

/** What a collector took in and sent in its last window. */
export const flowFigures = (flow: Flow): FlowFigures => ({
  seriesIn: flow.seriesIn,
  seriesOut: flow.seriesOut,
  samplesPerMinuteIn: flow.seconds > 0 ? (flow.pointsIn * 60) / flow.seconds : null,
  samplesPerMinuteOut: flow.seconds > 0 ? (flow.pointsOut * 60) / flow.seconds : null,
  reductionPct: flow.seriesIn > 0 ? 100 * (1 - flow.seriesOut / flow.seriesIn) : null,
  exportErrors: flow.exportErrors,
  droppedPoints: flow.droppedPoints,
});

/** Of one core, in a window; null where the window has no length. */
export const cpuPct = (flow: Flow): number | null => (flow.seconds > 0 ? flow.cpuMs / 10 / flow.seconds : null);
