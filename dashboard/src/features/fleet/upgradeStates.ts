import type { UpgradeHostState, UpgradeState, UpgradeView } from "~/api/schema";

export const UPGRADE_STATE: Record<UpgradeState, string> = {
  running: "Running",
  soaking: "Watched before the next stage",
  held: "Held",
  rollingBack: "Rolling back",
  rolledBack: "Rolled back",
  completed: "Completed",
  aborted: "Aborted",
};

export const UPGRADE_HOST_STATE: Record<UpgradeHostState, string> = {
  pending: "Not begun",
  waiting: "Asked",
  upgraded: "Upgraded",
  failed: "Failed",
  unreached: "Did not call in",
  returned: "Back on the version before",
};

export type UpgradeAction = "pause" | "resume" | "abort" | "rollback";

/** What can be done with an upgrade in its state. The control plane decides; this only keeps what it would refuse from being offered. */
export function upgradeActions({ state, counts }: Pick<UpgradeView, "state" | "counts">): UpgradeAction[] {
  const asked = counts.hosts - counts.pending > 0;
  switch (state) {
    case "running":
    case "soaking":
      return ["pause", "abort", ...(asked ? (["rollback"] as const) : [])];
    case "held":
      return ["resume", "abort", ...(asked ? (["rollback"] as const) : [])];
    case "completed":
    case "aborted":
      return asked ? ["rollback"] : [];
    default:
      return [];
  }
}
