import type { DraftExperimentRequest, ExperimentView, OverlapQuestion, VerdictClaim } from "~/api/schema";
import { parseDuration, writeDuration } from "~/shared/format/durations";

export interface Choice {
  pipelineId: string;
  version: number;
}

/** Of what a verdict speaks. */
export type Claim = NonNullable<VerdictClaim>;

export type ChooseBy = "selector" | "group" | "hosts";

/** What the wizard's fields hold. The names are those of the request, so that a refusal finds the field that it names. */
export interface Design {
  name: string;
  hypothesis: string;
  chooseBy: ChooseBy;
  selector: string;
  group: string | null;
  hosts: string[];
  baseline: Choice | null;
  candidate: Choice | null;
  /** As they are typed; {@link parseDuration} reads them. */
  plan: { warmUpSeconds: string; durationSeconds: string; windowSeconds: string };
  criteria: {
    claim: Claim;
    minSeriesReductionPct: number | string;
    maxConservationErrorPct: number | string;
    maxCandidateCpuPct: number | string;
    /** In MiB, as people say it. */
    maxCandidateResidentBytes: number | string;
    maxAddedDelaySeconds: number | string;
    lowestHostReductionPct: number | string;
  };
  sampleHosts: number | string;
  protectedMetrics: string[];
  priceEntry: string | null;
}

const MIB = 2 ** 20;

/** What nobody has said anything about yet: the control plane's own defaults, and a day in minutes. */
export const EMPTY: Design = {
  name: "",
  hypothesis: "",
  chooseBy: "selector",
  selector: "",
  group: null,
  hosts: [],
  baseline: null,
  candidate: null,
  plan: { warmUpSeconds: "2 min", durationSeconds: "1 d", windowSeconds: "1 min" },
  criteria: {
    claim: "hosts",
    minSeriesReductionPct: 10,
    maxConservationErrorPct: 0.1,
    maxCandidateCpuPct: 100,
    maxCandidateResidentBytes: 512,
    maxAddedDelaySeconds: 60,
    lowestHostReductionPct: -10,
  },
  sampleHosts: "",
  protectedMetrics: [],
  priceEntry: null,
};

/** The design of an experiment that there is, to be edited or done again. */
export function designOf(x: ExperimentView): Design {
  return {
    name: x.name,
    hypothesis: x.hypothesis,
    chooseBy: x.selector ? "selector" : x.group ? "group" : "hosts",
    selector: x.selector ?? "",
    group: x.group || null,
    hosts: x.selector || x.group ? [] : x.hosts.map(String),
    baseline: { pipelineId: x.baseline.pipelineId, version: x.baseline.version },
    candidate: { pipelineId: x.candidate.pipelineId, version: x.candidate.version },
    plan: {
      warmUpSeconds: writeDuration(x.plan.warmUpSeconds),
      durationSeconds: writeDuration(x.plan.durationSeconds),
      windowSeconds: writeDuration(x.plan.windowSeconds),
    },
    criteria: {
      claim: x.criteria.claim ?? EMPTY.criteria.claim,
      minSeriesReductionPct: x.criteria.minSeriesReductionPct,
      maxConservationErrorPct: x.criteria.maxConservationErrorPct,
      maxCandidateCpuPct: x.criteria.maxCandidateCpuPct,
      maxCandidateResidentBytes: x.criteria.maxCandidateResidentBytes / MIB,
      maxAddedDelaySeconds: x.criteria.maxAddedDelaySeconds ?? EMPTY.criteria.maxAddedDelaySeconds,
      lowestHostReductionPct: x.criteria.lowestHostReductionPct ?? EMPTY.criteria.lowestHostReductionPct,
    },
    sampleHosts: x.sampleHosts ?? "",
    protectedMetrics: x.protectedMetrics.map(String),
    priceEntry: x.priceEntry,
  };
}

const numberOf = (value: number | string): number | null => {
  const number = typeof value === "number" ? value : value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
};

/** Only the way of choosing hosts that is in sight counts; the others keep what was typed. */
export function targetsOf(d: Design): { hosts: string[] | null; selector: string; group: string } {
  return {
    hosts: d.chooseBy === "hosts" ? d.hosts : null,
    selector: d.chooseBy === "selector" ? d.selector.trim() : "",
    group: d.chooseBy === "group" ? (d.group ?? "") : "",
  };
}

/** Null where nothing is chosen that could be asked about. */
export function overlapQuestion(d: Design, except: string | null): OverlapQuestion | null {
  const targets = targetsOf(d);
  const none = (targets.hosts?.length ?? 0) === 0 && targets.selector === "" && targets.group === "";
  return none ? null : { ...targets, except };
}

/** What is sent. A number that cannot be read is left out, and takes its default; {@link problems} keeps that from being sent unseen. */
export function requestOf(d: Design, reason: string): DraftExperimentRequest {
  const memory = numberOf(d.criteria.maxCandidateResidentBytes);
  return {
    name: d.name.trim(),
    hypothesis: d.hypothesis.trim(),
    baseline: d.baseline,
    candidate: d.candidate,
    ...targetsOf(d),
    plan: {
      warmUpSeconds: parseDuration(d.plan.warmUpSeconds) ?? 0,
      durationSeconds: parseDuration(d.plan.durationSeconds) ?? 0,
      windowSeconds: parseDuration(d.plan.windowSeconds) ?? 0,
    },
    criteria: {
      claim: d.criteria.claim,
      minSeriesReductionPct: numberOf(d.criteria.minSeriesReductionPct),
      maxConservationErrorPct: numberOf(d.criteria.maxConservationErrorPct),
      maxCandidateCpuPct: numberOf(d.criteria.maxCandidateCpuPct),
      maxCandidateResidentBytes: memory === null ? null : Math.round(memory * MIB),
      maxAddedDelaySeconds: numberOf(d.criteria.maxAddedDelaySeconds),
      lowestHostReductionPct: numberOf(d.criteria.lowestHostReductionPct),
    },
    protectedMetrics: d.protectedMetrics,
    priceEntry: d.priceEntry ?? "",
    reason,
    sampleHosts: d.chooseBy === "hosts" ? null : numberOf(d.sampleHosts),
  };
}

/** After the planned end it is measured until a verdict is there, at most as long again: the control plane's rule. */
export const deadlineOf = (durationSeconds: number): number => 2 * durationSeconds + 60;

/** Windows that the plan has; null where it cannot be read. */
export function plannedWindows(plan: Design["plan"]): number | null {
  const duration = parseDuration(plan.durationSeconds);
  const window = parseDuration(plan.windowSeconds);
  return duration === null || window === null || window <= 0 ? null : Math.ceil(duration / window);
}
