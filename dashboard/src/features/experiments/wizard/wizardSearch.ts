import { text, words } from "~/shared/search/read";
import type { ParameterValue, ParameterValues } from "~/shared/templates/parameters";
import type { PowerQuestion } from "../queries";
import { type Choice, type Design, EMPTY } from "./design";
import { STEPS, type Step } from "./steps";

/**
 * The address of the wizard. Until there is a draft, what was chosen stands here; from then on the control plane has it, and the address names it by `from`.
 * Other pages open the wizard by the same names: `hosts`, `selector` or `group`; `baseline` and `candidate` as `PIPELINE@VERSION`; or a `template` with `args`
 * and the `metric` that it shall reduce.
 */
export interface WizardSearch {
  step?: Step;
  /** Id of a draft to go on with, or of an experiment to do again. */
  from?: string;
  /** Ids, separated by commas. */
  hosts?: string;
  selector?: string;
  group?: string;
  /** `PIPELINE@VERSION`; without a version the latest one. */
  baseline?: string;
  candidate?: string;
  /** A template of the catalogue for the candidate. */
  template?: string;
  /** Its parameters that were set. */
  args?: ParameterValues;
  /** A metric that the candidate shall reduce. */
  metric?: string;
  /** What is assumed for the question what the design can prove. */
  power?: PowerQuestion;
  /** Previews that were asked for, separated by commas. */
  previews?: string;
}

const isValue = (value: unknown): value is ParameterValue =>
  typeof value === "string" || typeof value === "number" || (Array.isArray(value) && value.every((item) => typeof item === "string"));

const ASSUMPTIONS = ["expectedReductionPct", "windowDeviationPct", "autocorrelationWindows", "hostDeviationPct"] as const;

function assumed(value: unknown): PowerQuestion | undefined {
  const given = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const known = ASSUMPTIONS.flatMap((key) => (typeof given[key] === "number" ? [[key, given[key]] as const] : []));
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

export function wizardSearch(search: Record<string, unknown>): WizardSearch {
  const args = typeof search.args === "object" && search.args !== null && !Array.isArray(search.args) ? Object.entries(search.args) : [];
  const known = args.filter((entry): entry is [string, ParameterValue] => isValue(entry[1]));
  return {
    step: STEPS.find((step) => step === search.step),
    from: text(search.from),
    hosts: Array.isArray(search.hosts) ? text(search.hosts.join(",")) : text(search.hosts),
    selector: text(search.selector),
    group: text(search.group),
    baseline: text(search.baseline),
    candidate: text(search.candidate),
    template: text(search.template),
    args: known.length === 0 ? undefined : Object.fromEntries(known),
    metric: text(search.metric),
    power: assumed(search.power),
    previews: text(search.previews),
  };
}

/** `PIPELINE@VERSION`; a version of 0 is for the latest one. */
export function readChoice(written: string | undefined): Choice | null {
  const [, pipelineId, version] = /^([^@:/]+)(?:[@:/]v?(\d+))?$/.exec(written ?? "") ?? [];
  return pipelineId === undefined ? null : { pipelineId, version: version === undefined ? 0 : Number(version) };
}

const writeChoice = (choice: Choice | null): string | undefined => (choice === null ? undefined : `${choice.pipelineId}@${choice.version}`);

/** The design that an address begins with. `latest` tells the version of a pipeline where the address does not; null where there is no such one. */
export function designFrom(search: WizardSearch, latest: (pipelineId: string) => number | null): Design {
  const choice = (written: string | undefined): Choice | null => {
    const read = readChoice(written);
    const version = read === null ? null : read.version || latest(read.pipelineId);
    return read === null || version === null ? null : { ...read, version };
  };
  const hosts = words(search.hosts);
  return {
    ...EMPTY,
    chooseBy: hosts.length > 0 ? "hosts" : search.group !== undefined ? "group" : "selector",
    selector: search.selector ?? "",
    group: search.group ?? null,
    hosts,
    baseline: choice(search.baseline),
    candidate: choice(search.candidate),
  };
}

/** The part of the address that says what is chosen so far; empty for a draft, which the control plane keeps. */
export function addressOf(d: Design, hasDraft: boolean): Pick<WizardSearch, "hosts" | "selector" | "group" | "baseline" | "candidate"> {
  if (hasDraft) return { hosts: undefined, selector: undefined, group: undefined, baseline: undefined, candidate: undefined };
  return {
    hosts: d.chooseBy === "hosts" ? text(d.hosts.join(",")) : undefined,
    selector: d.chooseBy === "selector" ? text(d.selector) : undefined,
    group: d.chooseBy === "group" ? (d.group ?? undefined) : undefined,
    baseline: writeChoice(d.baseline),
    candidate: writeChoice(d.candidate),
  };
}
