import { parseDuration } from "~/shared/format/durations";
import { type Design, targetsOf } from "./design";

export const STEPS = ["hosts", "pipelines", "criteria", "review"] as const;
export type Step = (typeof STEPS)[number];

export const STEP_TITLES: Record<Step, { title: string; description: string }> = {
  hosts: { title: "Hosts", description: "Where it runs" },
  pipelines: { title: "Pipelines", description: "What is compared" },
  criteria: { title: "Criteria and duration", description: "What it has to prove" },
  review: { title: "Review", description: "Look again, and start" },
};

/** On which step the field of a refusal stands. */
export function stepOf(field: string): Step {
  const head = field.split(/[.[]/)[0];
  if (head === "hosts" || head === "selector" || head === "group") return "hosts";
  if (head === "baseline" || head === "candidate" || head === "template" || head === "configuration") return "pipelines";
  return "criteria";
}

type Problems = Record<string, string>;

function hostProblems(d: Design): Problems {
  const { hosts, selector, group } = targetsOf(d);
  if (d.chooseBy === "hosts") return (hosts ?? []).length === 0 ? { hosts: "Name at least one enrolled host." } : {};
  if (d.chooseBy === "group") return group === "" ? { group: "Choose a group." } : {};
  return selector === "" ? { selector: "Say which labels the hosts have, such as role=web." } : {};
}

function pipelineProblems(d: Design): Problems {
  const found: Problems = {};
  if (d.baseline === null) found.baseline = "Choose what the hosts run now.";
  if (d.candidate === null) found.candidate = "Choose a published version, or publish one from the catalogue.";
  else if (d.baseline?.pipelineId === d.candidate.pipelineId && d.baseline.version === d.candidate.version)
    found.candidate = "This is the baseline itself: there would be nothing to compare.";
  return found;
}

/** What makes no number or no time. Bounds are the control plane's to know: what is out of them it says at the field. */
function criteriaProblems(d: Design): Problems {
  const found: Problems = {};
  if (d.name.trim() === "") found.name = "An experiment needs a name.";
  for (const [key, text] of Object.entries(d.plan))
    if (parseDuration(text) === null) found[`plan.${key}`] = "Write a time, such as 45 s, 30 min, 6 h or 7 d.";
  for (const [key, value] of Object.entries(d.criteria))
    if (key !== "claim" && (String(value).trim() === "" || !Number.isFinite(Number(value)))) found[`criteria.${key}`] = "Write a number.";
  if (d.criteria.claim === "fleet" && d.chooseBy === "hosts")
    found["criteria.claim"] = "Hosts that were picked are no random draw. Choose hosts by labels or a group, or make another claim.";
  else if (d.criteria.claim === "fleet" && String(d.sampleHosts).trim() === "")
    found.sampleHosts = "A claim on a fleet rests on hosts drawn from it at random: say how many.";
  if (d.priceEntry === null) found.priceEntry = "Choose by what the saving is priced.";
  return found;
}

/** What is missing or unreadable on a step, by field. */
export function problems(step: Step, d: Design): Problems {
  switch (step) {
    case "hosts":
      return hostProblems(d);
    case "pipelines":
      return pipelineProblems(d);
    case "criteria":
      return criteriaProblems(d);
    case "review":
      return {};
  }
}

/** All that is wrong before a draft can be written down. */
export const allProblems = (d: Design): Problems => ({ ...hostProblems(d), ...pipelineProblems(d), ...criteriaProblems(d) });

/** The furthest step that may be opened: every one before it is filled in. Criteria and review are of a draft that the control plane keeps. */
export function furthest(d: Design, hasDraft: boolean): Step {
  for (const step of STEPS) {
    if (step === "criteria" && !hasDraft) return "pipelines";
    if (Object.keys(problems(step, d)).length > 0) return step;
  }
  return "review";
}

/** The step to show: the one that is asked for, or the furthest before it that may be opened. */
export function openStep(asked: Step, d: Design, hasDraft: boolean): Step {
  const limit = furthest(d, hasDraft);
  return STEPS.indexOf(asked) <= STEPS.indexOf(limit) ? asked : limit;
}
