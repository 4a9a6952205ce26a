import { count, decimal, duration, percent } from "~/shared/format/numbers";

type Data = Record<string, unknown>;

/** What happened, in words: from an event's type and data as the log has them. A type that is not known here is said by its name. */
export function sentence(type: string, data: unknown): string {
  const d = typeof data === "object" && data !== null ? (data as Data) : {};
  return SENTENCES[type]?.(d) ?? named(type);
}

/** `experiment_started` as Experiment started. */
export function named(type: string): string {
  const words = type.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A kind of stream, such as `AgentTask`, in words. */
export function streamNamed(type: string | null | undefined): string {
  return type ? named(spaced(type).trim()) : "Unknown";
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Data => (typeof value === "object" && value !== null ? (value as Data) : {});

/** Up to three by name, else how many. */
export function hosts(value: unknown): string {
  const all = list(value).map((h) => (typeof h === "string" ? h : text(object(h).hostId)));
  if (all.length === 0) return "no host";
  return all.length <= 3 ? all.join(", ") : `${count(all.length)} hosts`;
}

const pipeline = (value: unknown): string => {
  const { name, version } = object(value);
  return `${text(name)} version ${String(version ?? "?")}`;
};

/** `protectedRetention` as protected retention. */
export const spaced = (name: string): string => name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`).replace(/\bcpu\b/, "CPU");

const labels = (value: unknown): string =>
  Object.entries(object(value))
    .map(([key, of]) => (of === "" ? key : `${key}=${String(of)}`))
    .join(", ");

const because = (detail: unknown): string => (text(detail) === "" ? "." : `: ${text(detail).replace(/\.$/, "")}.`);

/** A duration as .NET writes it, such as 1.02:03:04. */
export function timeSpan(value: unknown): string {
  if (typeof value === "number") return duration(value);
  const found = /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text(value));
  if (found === null) return text(value);
  const [, days, hours, minutes, seconds] = found;
  return duration(Number(days ?? 0) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds));
}

const SENTENCES: Record<string, (d: Data) => string> = {
  experiment_drafted: (d) => `Drafted: ${pipeline(d.candidate)} against ${pipeline(d.baseline)}.`,
  experiment_edited: (d) => `The draft was changed: ${pipeline(d.candidate)} against ${pipeline(d.baseline)}.`,
  experiment_started: (d) => `Started on ${hosts(d.hosts)}.`,
  variants_applied: (d) => `Both variants run on ${hosts(d.hosts)}.`,
  warm_up_ended: () => "The warm-up ended; windows count as evidence from now on.",
  window_measured: (d) => {
    const live = (arm: unknown) => number(object(arm).seriesActive);
    const [baseline, candidate] = [live(d.baseline), live(d.candidate)];
    const saved = baseline && candidate !== null ? `, ${percent(100 * (1 - candidate / baseline))} fewer live series` : "";
    return `Window ${String(d.number)} measured over ${count(number(d.hosts))} ${number(d.hosts) === 1 ? "host" : "hosts"}${saved}.`;
  },
  window_voided: (d) => `Window ${String(d.number)} of ${text(d.hostId)} is void: ${text(d.reason)}.`,
  guardrail_breached: (d) => `The guardrail ${spaced(text(d.guardrail))} was breached${because(d.detail)}`,
  verdict_reached: (d) => `Verdict: ${text(d.outcome)}, for ${text(d.scope).replace(/\.$/, "")}.`,
  candidate_removed: (d) => `The candidate was removed from ${hosts(d.hosts)}.`,
  experiment_completed: () => "Completed; the candidate runs nowhere any more.",
  promotion_requested: (d) =>
    `A promotion to ${hosts(d.hosts)} was asked for${text(d.overrides) === "" ? "." : `, against the verdict: ${text(d.overrides).replace(/\.$/, "")}.`}`,
  variant_promoted: (d) => `The candidate's pipeline is production on ${hosts(d.hosts)}.`,
  experiment_promoted: () => "Promoted: the candidate's pipeline is production on every host.",
  rollback_requested: (d) => `A rollback of ${hosts(d.hosts)} was asked for (${spaced(text(d.cause))})${because(d.detail)}`,
  baseline_restored: (d) => `The baseline alone runs on ${hosts(d.hosts)} again.`,
  experiment_rolled_back: () => "Rolled back: the baseline alone runs on every host, but for those that failed.",
  stop_requested: () => "A stop without a verdict was asked for.",
  experiment_stopped: () => "Stopped; the candidate runs nowhere.",
  host_failed: (d) => `${text(d.hostId)} failed to ${spaced(text(d.purpose))}${because(d.error)}`,
  experiment_archived: () => "Archived.",
  experiment_unarchived: () => "Taken out of the archive.",
  hosts_left_out: (d) => `Goes on without ${hosts(d.hosts)}${because(d.reason)}`,
  experiment_extended: (d) => `Extended: it measures for ${timeSpan(d.duration)} in all.`,
  candidate_renewed: (d) => `${hosts(d.hosts)} ${list(d.hosts).length === 1 ? "keeps" : "keep"} the candidate until its new end.`,
  baseline_kept: () => "Decided for the baseline.",
  promotion_withdrawn: (d) => `The promotion ended before any host was asked${because(d.detail)}`,
  fleet_sampled: (d) => `${count(list(d.drawn).length)} of ${count(list(d.fleet).length)} hosts were drawn.`,
  task_queued: (d) => `Work for ${text(d.hostId)} was queued: ${spaced(text(d.purpose))}.`,
  task_assigned: (d) => `A host took its task (attempt ${String(d.attempt)}).`,
  task_progressed: (d) => `A task goes on: ${text(d.phase)}${because(d.detail)}`,
  task_succeeded: (d) => `${text(d.hostId)} has done it: ${spaced(text(d.purpose))}.`,
  task_failed: (d) => `An attempt failed (${text(d.code)})${because(d.detail)}`,
  task_lease_expired: () => "A host did not answer in time; its lease counts no more.",
  task_requeued: (d) => `A task waits for attempt ${String(d.attempt)}.`,
  task_dead_lettered: (d) => `A task is out of attempts (${text(d.code)})${because(d.detail)}`,
  task_revived: () => "A dead letter was given new attempts.",
  task_cancelled: (d) => `A task was cancelled${because(d.cause)}`,
  deployment_requested: (d) => `A deployment of ${pipeline(d.pipeline)} to ${hosts(d.hosts)} was asked for.`,
  deployment_approved: () => "The deployment was approved.",
  deployment_rejected: () => "The deployment was rejected.",
  wave_started: (d) => `Wave ${String(d.wave)} started.`,
  hosts_deployed: (d) => `${hosts(d.hosts)} ${list(d.hosts).length === 1 ? "runs" : "run"} the version.`,
  host_deployments_failed: (d) => `${hosts(d.hosts)} could not run it.`,
  hosts_not_reached: (d) => `${hosts(d.hosts)} did not call in.`,
  wave_completed: (d) => `Wave ${String(d.wave)} is done.`,
  wave_judged: (d) => {
    const unmet = list(d.checks).filter((c) => object(c).outcome === "notMet");
    return unmet.length === 0
      ? `Wave ${String(d.wave)} was judged: nothing against it.`
      : `Wave ${String(d.wave)} was judged: ${unmet.map((c) => spaced(text(object(c).kind))).join(", ")} not met.`;
  },
  deployment_held: (d) => `The deployment is held (${spaced(text(d.cause))})${because(d.detail)}`,
  deployment_resumed: () => "The deployment goes on.",
  deployment_rollback_requested: (d) => `The deployment goes back (${spaced(text(d.cause))})${because(d.detail)}`,
  hosts_restored: (d) => `${hosts(d.hosts)} ${list(d.hosts).length === 1 ? "runs" : "run"} what ran before.`,
  host_restores_failed: (d) => `${hosts(d.hosts)} could not return.`,
  deployment_rolled_back: () => "The deployment was rolled back.",
  deployment_completed: () => "The deployment is complete.",
  deployment_aborted: (d) => `The deployment was ended${because(d.detail)}`,
  change_policy_set: () => "The rules for changes were set.",
  agent_enrolled: (d) => `${text(d.hostId)} joined the fleet.`,
  agent_labelled: (d) => `Labels of ${text(d.hostId)} were set: ${labels(d.labels) || "none"}.`,
  agent_lost: (d) => `Nothing is heard of ${text(d.hostId)}.`,
  agent_recovered: (d) => `${text(d.hostId)} is heard again.`,
  agent_drained: (d) => `${text(d.hostId)} was drained.`,
  agent_drain_ended: (d) => `${text(d.hostId)} takes part again.`,
  agent_decommissioned: (d) => `${text(d.hostId)} was taken out of the fleet.`,
  agent_recommissioned: (d) => `${text(d.hostId)} joined the fleet again.`,
  group_defined: (d) => `The group ${text(d.name)} means ${text(d.selector)}.`,
  group_deleted: (d) => `The group ${text(d.name)} was deleted.`,
  pipeline_drafted: (d) => `The pipeline ${text(d.name)} was named.`,
  pipeline_version_published: (d) => `Version ${String(d.version)} of a pipeline was published.`,
  pipeline_deprecated: () => "A pipeline was deprecated.",
  upgrade_requested: (d) => `An upgrade of ${hosts(d.hosts)} to ${text(d.release)} was asked for.`,
  upgrade_stage_started: (d) => `Stage ${String(d.stage)} of an upgrade started.`,
  upgrade_held: (d) => `An upgrade is held${because(d.detail)}`,
  budget_set: (d) => `The budget ${text(object(d.terms).name) || text(d.name)} was set.`,
  budget_breached: (d) => `A budget reached ${decimal(number(d.thresholdPct), 0)} %.`,
};
