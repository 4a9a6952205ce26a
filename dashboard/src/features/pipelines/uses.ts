import type { PipelineUse } from "~/api/schema";
import { count } from "~/shared/format/numbers";

/** What runs of one pipeline, the newest version first. */
export const usesOf = (uses: readonly PipelineUse[] | undefined, pipelineId: string): PipelineUse[] =>
  (uses ?? []).filter((u) => u.pipelineId === pipelineId).toSorted((a, b) => b.version - a.version);

/** 12 hosts run version 3, 2 run version 1. */
export function usesText(uses: readonly PipelineUse[]): string {
  const hosts = (n: number) => `${count(n)} ${n === 1 ? "host" : "hosts"}`;
  return uses.map((u) => `${hosts(u.hosts)} on v${u.version}`).join(", ");
}
