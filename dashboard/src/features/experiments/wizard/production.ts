import type { AgentView } from "~/api/schema";
import type { Choice } from "./design";

/** How many of the hosts run it in production. */
export const runningIt = (hosts: readonly AgentView[], choice: Choice): number =>
  hosts.filter((h) => h.production?.pipelineId === choice.pipelineId && h.production.pipelineVersion === choice.version).length;

/** What all of the hosts run in production; null where they differ, or one runs nothing that was published. */
export function commonProduction(hosts: readonly AgentView[]): Choice | null {
  const first = hosts[0]?.production;
  if (!first?.pipelineId) return null;
  const choice = { pipelineId: first.pipelineId, version: first.pipelineVersion };
  return runningIt(hosts, choice) === hosts.length ? choice : null;
}
