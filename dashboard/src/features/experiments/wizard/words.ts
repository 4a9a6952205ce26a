import type { PlanRequest } from "~/api/schema";
import { count, duration } from "~/shared/format/numbers";
import { type Claim, type Design, deadlineOf } from "./design";

export const CLAIM_WORDS: Record<Claim, string> = {
  observed: "What was observed",
  hosts: "These hosts from now on",
  fleet: "The fleet that they are drawn from",
};

const MAX_NAMED = 5;

/** Which hosts are meant, as a sentence has it; `now` is how many that are. */
export function hostsInWords(d: Design, now: number | undefined): string {
  const many = now === undefined ? "hosts" : now === 1 ? "1 host" : `${count(now)} hosts`;
  const drawn = String(d.sampleHosts).trim() === "" ? "" : `${d.sampleHosts} drawn out of `;
  if (d.chooseBy === "selector") return `${drawn}${many} with ${d.selector.trim()}`;
  if (d.chooseBy === "group") return `${drawn}${many} of the group ${d.group ?? ""}`;
  const more = d.hosts.length - MAX_NAMED;
  return more > 0 ? `${d.hosts.slice(0, MAX_NAMED).join(", ")} and ${count(more)} more` : d.hosts.join(", ");
}

/** What a start brings about, in order, by the plan. */
export function whatWillHappen(plan: PlanRequest, claim: Claim): string[] {
  const deadline = deadlineOf(plan.durationSeconds);
  return [
    "The hosts are settled: those that are meant at that moment and can be reached.",
    "On each of them the candidate runs beside the production collector, on the same input. What production sends does not change.",
    plan.warmUpSeconds > 0
      ? `For ${duration(plan.warmUpSeconds)} nothing counts: series and caches fill up.`
      : "There is no warm-up: the first window counts.",
    `For ${duration(plan.durationSeconds)} both are measured in windows of ${duration(plan.windowSeconds)}.`,
    claim === "fleet"
      ? "Then the drawn hosts are looked at once, and that verdict is final."
      : `Then comes the first verdict that may decide. What is undecided is measured on, and ends ${duration(deadline)} after the warm-up at the latest.`,
    "A guardrail that does not hold takes the candidate away at once.",
    "Nothing is promoted by itself: that is asked for after the verdict.",
  ];
}
