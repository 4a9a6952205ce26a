import type { PipelineView } from "~/api/schema";
import type { Choice, Design } from "./design";

const MAX = 200;

export const pipelineName = (choice: Choice | null, known: readonly PipelineView[]): string => {
  if (choice === null) return "";
  const name = known.find((p) => p.id === choice.pipelineId)?.name ?? choice.pipelineId;
  return `${name} v${choice.version}`;
};

/** What an experiment is called until somebody says it better. */
export const nameOf = (design: Pick<Design, "baseline" | "candidate">, known: readonly PipelineView[]): string =>
  `${pipelineName(design.candidate, known)} against ${pipelineName(design.baseline, known)}`.slice(0, MAX);
