/** Which hosts are meant, in the one of three ways that the control plane takes. */
export interface Target {
  by: "hosts" | "group" | "selector";
  hosts: string[];
  group: string;
  selector: string;
}

export const NO_TARGET: Target = { by: "hosts", hosts: [], group: "", selector: "" };

/** Starts from what a page has chosen: named hosts first, then a group, then labels. */
export function targetOf(chosen: { hosts?: string[]; group?: string; selector?: string }): Target {
  const all = { hosts: chosen.hosts ?? [], group: chosen.group ?? "", selector: chosen.selector ?? "" };
  return { ...all, by: all.hosts.length > 0 ? "hosts" : all.group !== "" ? "group" : all.selector !== "" ? "selector" : "hosts" };
}

/** The parts of a request: only the way that was chosen, since a request with two of them is refused. */
export const targetBody = (target: Target): { hosts?: string[]; group?: string; selector?: string } =>
  target.by === "hosts" ? { hosts: target.hosts } : target.by === "group" ? { group: target.group } : { selector: target.selector.trim() };

/** What is still missing, for people; null where hosts are meant. */
export const targetProblem = (target: Target): string | null =>
  target.by === "hosts"
    ? target.hosts.length === 0
      ? "Name at least one host."
      : null
    : target.by === "group"
      ? target.group === ""
        ? "Choose a group."
        : null
      : target.selector.trim() === ""
        ? "Write a selector, such as role=web."
        : null;
