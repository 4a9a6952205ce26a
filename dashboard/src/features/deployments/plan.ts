import type { DeploymentRequest, OnFailure } from "~/api/schema";
import { type Target, targetBody } from "~/shared/hosts/target";

/** What the form holds; times in seconds, memory in MiB. An empty number asks nothing. */
export interface PlanValues {
  pipeline: string;
  version: string;
  waves: string[];
  soakSeconds: number | string;
  patienceSeconds: number | string;
  maxFailures: number | string;
  maxFailuresPct: number | string;
  onFailure: NonNullable<OnFailure>;
  gate: boolean;
  dataLeaves: boolean;
  maxConservationErrorPct: number | string;
  maxCpuPct: number | string;
  maxResidentMib: number | string;
  ticket: string;
  overrideFreeze: boolean;
  reason: string;
}

export const DEFAULTS: PlanValues = {
  pipeline: "",
  version: "",
  waves: ["1", "10%", "50%", "100%"],
  soakSeconds: 300,
  patienceSeconds: 900,
  maxFailures: 0,
  maxFailuresPct: 0,
  onFailure: "rollBack",
  gate: true,
  dataLeaves: true,
  maxConservationErrorPct: 0.1,
  maxCpuPct: 100,
  maxResidentMib: 512,
  ticket: "",
  overrideFreeze: false,
  reason: "",
};

const number = (value: number | string): number | null => (value === "" ? null : Number(value));

/** The request; what is empty takes the control plane's default, which is what the form begins with. */
export function requestOf(values: PlanValues, target: Target): DeploymentRequest {
  const meant = targetBody(target);
  const mebibytes = number(values.maxResidentMib);
  return {
    pipeline: values.pipeline === "" || values.version === "" ? null : { pipelineId: values.pipeline, version: Number(values.version) },
    hosts: meant.hosts ?? null,
    group: meant.group ?? null,
    selector: meant.selector ?? null,
    rollout: {
      waves: values.waves.length === 0 ? null : values.waves,
      soakSeconds: number(values.soakSeconds),
      patienceSeconds: number(values.patienceSeconds),
      maxFailures: number(values.maxFailures),
      maxFailuresPct: number(values.maxFailuresPct),
      onFailure: values.onFailure,
      gate: values.gate
        ? {
            off: null,
            dataLeaves: values.dataLeaves,
            maxConservationErrorPct: number(values.maxConservationErrorPct),
            // Nothing is predicted for a deployment for itself.
            maxSavingShortfallPct: null,
            maxCpuPct: number(values.maxCpuPct),
            maxResidentBytes: mebibytes === null ? null : Math.round(mebibytes * 1_048_576),
          }
        : {
            off: true,
            dataLeaves: null,
            maxConservationErrorPct: null,
            maxSavingShortfallPct: null,
            maxCpuPct: null,
            maxResidentBytes: null,
          },
    },
    ticket: values.ticket.trim() === "" ? null : values.ticket.trim(),
    overrideFreeze: values.overrideFreeze || null,
    reason: values.reason.trim() === "" ? null : values.reason.trim(),
  };
}
