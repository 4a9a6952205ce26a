/** What the first steps are told by. */
export interface Progress {
  hosts: number;
  pipelines: number;
  /** Series that come in now, over all hosts. */
  seriesIn: number;
  drafts: number;
  /** Experiments that were ever started. */
  started: number;
}

export type Step = "enrol" | "pipeline" | "flow" | "draft" | "start";

/** The steps from nothing to a running experiment, each told by what there is and not by what was clicked. */
export function steps(p: Progress): { step: Step; done: boolean }[] {
  const started = p.started > 0;
  return [
    { step: "enrol", done: started || p.hosts > 0 },
    { step: "pipeline", done: started || p.pipelines > 0 },
    { step: "flow", done: started || p.seriesIn > 0 },
    { step: "draft", done: started || p.drafts > 0 },
    { step: "start", done: started },
  ];
}

/** Experiments that were ever started: all but drafts. Of those in the archive it is not told whether they were; somebody who archives knows the way. */
export const everStarted = (byState: Readonly<Record<string, number>>, archived: number): number =>
  archived + Object.entries(byState).reduce((sum, [state, n]) => sum + (state === "draft" ? 0 : n), 0);
