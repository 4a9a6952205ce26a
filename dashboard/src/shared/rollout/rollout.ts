import type { RolloutRequest } from "~/api/schema";
import { parseDuration } from "~/shared/format/durations";

/** The form's fields, as a person writes them. Empty: as the control plane has it by default. */
export interface RolloutFields {
  waves: string[];
  soak: string;
  patience: string;
  maxFailures: number | "";
  maxFailuresPct: number | "";
  onFailure: "rollBack" | "hold" | "";
  gate: boolean;
  dataLeaves: boolean;
  maxConservationErrorPct: number | "";
  maxSavingShortfallPct: number | "";
  maxCpuPct: number | "";
  maxResidentMiB: number | "";
}

export const DEFAULTS: RolloutFields = {
  waves: [],
  soak: "",
  patience: "",
  maxFailures: "",
  maxFailuresPct: "",
  onFailure: "",
  gate: true,
  dataLeaves: true,
  maxConservationErrorPct: "",
  maxSavingShortfallPct: "",
  maxCpuPct: "",
  maxResidentMiB: "",
};

const given = (value: number | ""): number | null => (value === "" ? null : value);
const time = (text: string): number | null => (text.trim() === "" ? null : parseDuration(text));

/** What is said of the rollout; what was left empty is left to the control plane. */
export function rolloutOf(f: RolloutFields): RolloutRequest {
  return {
    waves: f.waves.length === 0 ? null : f.waves,
    soakSeconds: time(f.soak),
    patienceSeconds: time(f.patience),
    maxFailures: given(f.maxFailures),
    maxFailuresPct: given(f.maxFailuresPct),
    onFailure: f.onFailure === "" ? null : f.onFailure,
    gate: !f.gate
      ? { off: true, dataLeaves: null, maxConservationErrorPct: null, maxSavingShortfallPct: null, maxCpuPct: null, maxResidentBytes: null }
      : {
          off: null,
          dataLeaves: f.dataLeaves ? null : false,
          maxConservationErrorPct: given(f.maxConservationErrorPct),
          maxSavingShortfallPct: given(f.maxSavingShortfallPct),
          maxCpuPct: given(f.maxCpuPct),
          maxResidentBytes: f.maxResidentMiB === "" ? null : Math.round(f.maxResidentMiB * 2 ** 20),
        },
  };
}

export const notATime = (text: string): string | null =>
  text.trim() === "" || parseDuration(text) !== null ? null : "Write a time such as 90 s, 5 min or 1 h.";

/** The form's field that a refusal is about, by the request's name for it. */
const FIELDS: Record<string, keyof RolloutFields | "reason" | "ticket"> = {
  waves: "waves",
  soakSeconds: "soak",
  patienceSeconds: "patience",
  maxFailures: "maxFailures",
  maxFailuresPct: "maxFailuresPct",
  onFailure: "onFailure",
  maxConservationErrorPct: "maxConservationErrorPct",
  maxSavingShortfallPct: "maxSavingShortfallPct",
  maxCpuPct: "maxCpuPct",
  maxResidentBytes: "maxResidentMiB",
  reason: "reason",
  ticket: "ticket",
};

export function fieldOf(problemField: string | null): keyof RolloutFields | "reason" | "ticket" | null {
  const last =
    problemField
      ?.split(".")
      .at(-1)
      ?.replace(/\[\d+\]$/, "") ?? "";
  return FIELDS[last] ?? null;
}
