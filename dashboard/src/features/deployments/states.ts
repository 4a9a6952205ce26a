import type { DeploymentHostState, DeploymentState, DeploymentView, GateKind, GateOutcome } from "~/api/schema";

export const STATES: Record<DeploymentState, { label: string; color: string }> = {
  awaitingApproval: { label: "Awaits approval", color: "yellow" },
  running: { label: "Running", color: "blue" },
  soaking: { label: "Soaking", color: "blue" },
  held: { label: "Held", color: "orange" },
  rollingBack: { label: "Rolling back", color: "orange" },
  rolledBack: { label: "Rolled back", color: "gray" },
  completed: { label: "Completed", color: "teal" },
  aborted: { label: "Aborted", color: "gray" },
  rejected: { label: "Rejected", color: "gray" },
};

export const HOST_STATES: Record<DeploymentHostState, { label: string; color: string }> = {
  pending: { label: "Pending", color: "gray" },
  waiting: { label: "Waiting", color: "blue" },
  deployed: { label: "Deployed", color: "teal" },
  failed: { label: "Failed", color: "red" },
  notReached: { label: "Not reached", color: "orange" },
  restored: { label: "Restored", color: "gray" },
};

export const GATE_KINDS: Record<GateKind, string> = {
  dataLeaves: "Data leaves",
  fidelity: "Fidelity",
  saving: "Saving",
  cpu: "CPU",
  memory: "Memory",
};

export const OUTCOMES: Record<GateOutcome, { label: string; color: string }> = {
  met: { label: "Met", color: "teal" },
  notMet: { label: "Not met", color: "red" },
  open: { label: "Not measured yet", color: "yellow" },
  notAsked: { label: "Not asked", color: "gray" },
};

export type Command = "approve" | "reject" | "pause" | "resume" | "abort" | "rollback";

/** What may be tried in a state. Whether it is allowed the control plane decides, which knows more. */
export function commandsIn(deployment: DeploymentView, userId: string | undefined): Command[] {
  const { state, wave, experimentId, until, requestedBy } = deployment;
  const temporary = until !== null && until !== undefined;
  switch (state) {
    case "awaitingApproval":
      // Who asked may withdraw it, and not approve it.
      return requestedBy === userId ? ["reject"] : ["approve", "reject"];
    case "running":
    case "soaking":
    case "held": {
      const commands: Command[] = [];
      if (state === "held") commands.push("resume");
      else if (!temporary) commands.push("pause");
      if (!temporary && !(experimentId && wave > 0)) commands.push("abort");
      if (wave > 0) commands.push("rollback");
      return commands;
    }
    case "completed":
    case "aborted":
      // Of an experiment's promotion that has ended the experiment is rolled back.
      return wave > 0 && !experimentId ? ["rollback"] : [];
    default:
      return [];
  }
}

export interface Wave {
  number: number;
  /** How many hosts it has, and the places of the first and last one in the deployment's order, from 1. */
  size: number;
  first: number;
  last: number;
  state: "pending" | "current" | "done";
  /** Hosts that have ended, well or not; of those that are asked. */
  ended: number;
}

/** The waves of a deployment with how far each is. Hosts are waited for in the wave that was begun last alone. */
export function wavesOf(deployment: Pick<DeploymentView, "waves" | "wave" | "state" | "counts">): Wave[] {
  const { waves, wave, state, counts } = deployment;
  return waves.map((end, i) => {
    const before = waves[i - 1] ?? 0;
    const [number, size] = [i + 1, end - before];
    const isBack = state === "rollingBack" || state === "rolledBack";
    const at = number > wave ? "pending" : number < wave || state === "completed" || isBack ? "done" : "current";
    return {
      number,
      size,
      first: before + 1,
      last: end,
      state: at,
      ended: at === "pending" ? 0 : at === "done" || isBack ? size : size - Math.min(size, counts.waiting),
    };
  });
}
