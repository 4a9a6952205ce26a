export const HOST_STATES = ["active", "stopped", "lost", "drained", "decommissioned"] as const;
export type HostState = (typeof HOST_STATES)[number];

interface Look {
  label: string;
  color: string;
  means: string;
}

/** In words and colours; shapes that stand for them are in {@link HostStateIcon} and the map's patterns. */
export const HOST_STATE: Record<HostState, Look> = {
  active: { label: "Active", color: "teal", means: "Its agent was heard within the last minutes." },
  stopped: { label: "Stopped", color: "gray", means: "Its agent said goodbye and has not started again." },
  lost: { label: "Lost", color: "red", means: "Nothing was heard of it for longer than a host may be silent. Its tasks wait." },
  drained: { label: "Drained", color: "yellow", means: "An operator lets nothing new onto it; what runs goes on." },
  decommissioned: { label: "Decommissioned", color: "dark", means: "It was taken out of the fleet for good; its credential is void." },
};

export const isHostState = (state: string): state is HostState => state in HOST_STATE;

/** What a code of drift means, for people. */
export const DRIFT: Record<string, string> = {
  "production-missing": "A pipeline should run as production; its collector does not",
  "production-differs": "The production collector runs another configuration than it should",
  "production-unexpected": "A production collector runs that no task ever put there",
};
