export interface Enrolment {
  apiUrl: string;
  hostId: string;
  token: string;
  /** As `role=web,env=staging`; empty for none. */
  labels: string;
  /** Path of phoenix-agent on the host. */
  agent: string;
  /** Path of phoenix-collector, where it does not lie beside the agent: one that is named is not replaced by upgrades. */
  collector: string;
}

const HOST_ID = /^[A-Za-z0-9._-]{1,253}$/;

export const pathProblem = (path: string): string | null => (path.trim().startsWith("/") ? null : "Write the whole path.");

export const hostIdProblem = (id: string): string | null =>
  id === "" ? "Name the host." : HOST_ID.test(id) ? null : "1 to 253 letters, digits, dots, underscores and hyphens.";

export function apiUrlProblem(url: string): string | null {
  try {
    const { protocol } = new URL(url);
    return protocol === "http:" || protocol === "https:" ? null : "An address begins with https:// or http://.";
  } catch {
    return "Write the address as the host reaches it, such as https://phoenix.example.org.";
  }
}

/** As the agent reads it: pairs between commas. What a label may be is decided by the control plane at the enrolment. */
export const labelsProblem = (labels: string): string | null =>
  labels.trim() === "" || labels.split(",").every((pair) => /^\s*[^=\s,]+=[^=\s,]*\s*$/.test(pair))
    ? null
    : "Write labels as role=web,env=staging.";

function variables({ apiUrl, hostId, token, labels, collector }: Enrolment): [string, string][] {
  const bare = labels.replaceAll(/\s/g, "");
  return [
    ["PHOENIX_API_URL", apiUrl.trim()],
    ["AGENT_HOST_ID", hostId],
    ["PHOENIX_ENROLMENT_TOKEN", token],
    ...(bare === "" ? [] : [["PHOENIX_AGENT_LABELS", bare] as [string, string]]),
    ...(collector.trim() === "" ? [] : [["PHOENIX_COLLECTOR", collector.trim()] as [string, string]]),
  ];
}

/** Runs the agent in a shell, until it is ended: for a first look. Its state is the user's, so that it needs no root. */
export function shellCommand(enrolment: Enrolment): string {
  const lines = variables(enrolment).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...lines, `PHOENIX_AGENT_STATE_DIR="$HOME/.phoenix-agent"`, quoted(enrolment.agent.trim())].join(" \\\n");
}

/** Writes what the systemd unit reads, for its owner alone since the token is in it, and starts the agent. */
export function serviceCommand(enrolment: Enrolment): string {
  const lines = variables(enrolment).map(([name, value]) => `${name}=${value}`);
  return [
    "sudo install -D -m 0600 /dev/stdin /etc/phoenix-agent/agent.env <<'END'",
    ...lines,
    "END",
    "sudo systemctl enable --now phoenix-agent",
  ].join("\n");
}

/** One word of a POSIX shell, whatever is in it. */
const quoted = (text: string): string => (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
