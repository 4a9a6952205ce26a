import type { DeploymentRequest } from "~/api/schema";
import { type Target, targetBody } from "~/shared/hosts/target";
import { DEFAULTS as ROLLOUT, type RolloutFields, rolloutOf } from "~/shared/rollout/rollout";

export interface PlanValues extends RolloutFields {
  pipeline: string;
  version: string;
  ticket: string;
  overrideFreeze: boolean;
  reason: string;
}

export const DEFAULTS: PlanValues = { ...ROLLOUT, pipeline: "", version: "", ticket: "", overrideFreeze: false, reason: "" };

export function requestOf(values: PlanValues, target: Target): DeploymentRequest {
  const meant = targetBody(target);
  return {
    pipeline: values.pipeline === "" || values.version === "" ? null : { pipelineId: values.pipeline, version: Number(values.version) },
    hosts: meant.hosts ?? null,
    group: meant.group ?? null,
    selector: meant.selector ?? null,
    rollout: rolloutOf(values),
    ticket: values.ticket.trim() === "" ? null : values.ticket.trim(),
    overrideFreeze: values.overrideFreeze || null,
    reason: values.reason.trim() === "" ? null : values.reason.trim(),
  };
}
