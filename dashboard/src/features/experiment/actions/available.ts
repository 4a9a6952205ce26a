import type { ExperimentView } from "~/api/schema";
import { rests } from "~/shared/experiments/rests";
import { type Role, suffices } from "~/shared/session/session";

export type Action = "edit" | "start" | "promote" | "force" | "keep" | "rollBack" | "extend" | "stop" | "clone" | "archive" | "unarchive";

type Known = Pick<ExperimentView, "state" | "verdict" | "archived" | "baselineKept">;

const MEASURES: ExperimentView["state"][] = ["starting", "warmingUp", "running"];

/** What may be offered for an experiment in its state, the likeliest first. What of it is allowed the control plane decides again. */
export function available(x: Known, role: string | undefined): Action[] {
  const may = (least: Role) => suffices(role, least);
  if (!may("operator")) return [];
  const found: Action[] = [];
  const over = x.state === "completed" || x.state === "rolledBack";
  const proved = x.verdict?.outcome === "promote";
  if (x.state === "draft" && !x.archived) found.push("start", "edit");
  if (over && proved && !x.archived) found.push("promote");
  if (((over && !proved) || x.state === "stopped") && !x.archived && may("admin")) found.push("force");
  if (MEASURES.includes(x.state) || x.state === "promoting" || x.state === "promoted") found.push("rollBack");
  if (x.state === "warmingUp" || x.state === "running") found.push("extend");
  if (MEASURES.includes(x.state)) found.push("stop");
  if (x.state !== "draft" && !x.baselineKept && !x.archived && x.state !== "rollingBack") found.push("keep");
  found.push("clone");
  if (rests(x.state)) found.push(x.archived ? "unarchive" : "archive");
  return found;
}
