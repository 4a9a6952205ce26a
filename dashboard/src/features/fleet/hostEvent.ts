import { toLines } from "./labels";

/** What happened to a host, in words; an event that this page does not know is told by its type. */
export function hostEvent(type: string, data: unknown): { title: string; detail: string | null } {
  const d = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const machine = [d.operatingSystem, d.architecture, d.agentVersion === undefined ? undefined : `agent ${d.agentVersion}`].filter((part) => part).join(", ");
  switch (type) {
    case "agent_enrolled":
      return { title: "Enrolled", detail: machine };
    case "agent_re_enrolment_allowed":
      return { title: "Re-enrolment allowed", detail: null };
    case "agent_credential_rotated":
      return { title: "New credential", detail: null };
    case "agent_labelled": {
      const lines = toLines((d.labels ?? {}) as Record<string, string>);
      return { title: "Labels set", detail: lines.length === 0 ? "None" : lines.join(", ") };
    }
    case "agent_lost":
      return { title: "Lost", detail: null };
    case "agent_recovered":
      return { title: "Heard again", detail: null };
    case "agent_drained":
      return { title: "Drained", detail: null };
    case "agent_drain_ended":
      return { title: "Drain ended", detail: null };
    case "agent_decommissioned":
      return { title: "Decommissioned", detail: null };
    case "agent_recommissioned":
      return { title: "Enrolled anew", detail: machine };
    default:
      return { title: type, detail: null };
  }
}
