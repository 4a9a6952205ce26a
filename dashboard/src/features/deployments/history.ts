import type { AuditEntry, WaveJudged } from "~/api/schema";

/** The judgements of every wave, newest first; a wave that was resumed is judged again. */
export function judgementsOf(events: readonly AuditEntry[]): { at: string; judged: WaveJudged }[] {
  return events
    .filter((e) => e.type === "wave_judged")
    .map((e) => ({ at: e.timestamp, judged: e.data as WaveJudged }))
    .toReversed();
}

interface Step {
  title: string;
  detail: string | null;
}

const text = (data: unknown, key: string): string | null => {
  const value = (data as Record<string, unknown> | null)?.[key];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
};

const hostsIn = (data: unknown): number => {
  const hosts = (data as { hosts?: unknown } | null)?.hosts;
  return Array.isArray(hosts) ? hosts.length : 0;
};

const hosts = (data: unknown): string => `${hostsIn(data)} ${hostsIn(data) === 1 ? "host" : "hosts"}`;

/** What an event of a deployment says, in words. */
export function stepOf(event: AuditEntry): Step {
  const { data } = event;
  const of = (title: string, detail: string | null = null): Step => ({ title, detail });
  switch (event.type) {
    case "deployment_requested":
      return of("Requested", event.reason);
    case "deployment_approved":
      return of("Approved", event.reason);
    case "deployment_rejected":
      return of("Rejected", event.reason);
    case "wave_started":
      return of(`Wave ${text(data, "wave")} began`);
    case "hosts_deployed":
      return of(`${hosts(data)} took it`);
    case "host_deployments_failed":
      return of(`${hosts(data)} failed`);
    case "hosts_not_reached":
      return of(`${hosts(data)} not reached`);
    case "wave_completed":
      return of(`Wave ${text(data, "wave")} is done and soaks`);
    case "wave_judged":
      return of(`Wave ${text(data, "wave")} was judged`);
    case "deployment_held":
      return of("Held", text(data, "detail") ?? event.reason);
    case "deployment_resumed":
      return of("Resumed", event.reason);
    case "deployment_rollback_requested":
      return of("Rolling back", text(data, "detail") ?? event.reason);
    case "hosts_restored":
      return of(`${hosts(data)} restored`);
    case "host_restores_failed":
      return of(`${hosts(data)} not restored`);
    case "deployment_rolled_back":
      return of("Rolled back");
    case "deployment_completed":
      return of("Completed");
    case "deployment_aborted":
      return of("Aborted", text(data, "detail") ?? event.reason);
    default:
      return of(event.type.replaceAll("_", " "), event.reason);
  }
}
