import type { ExperimentView } from "~/api/schema";
import { count, duration } from "~/shared/format/numbers";
import type { Action } from "./available";
import { archive, keep, rollBack, start, stop, unarchive } from "./commands";

export const LABELS: Record<Action, string> = {
  edit: "Edit the draft",
  start: "Start",
  promote: "Promote",
  force: "Promote against the verdict",
  keep: "Decide for the baseline",
  rollBack: "Roll back",
  extend: "Extend",
  stop: "Stop",
  clone: "Clone",
  archive: "Archive",
  unarchive: "Take out of the archive",
};

interface Asked {
  title: string;
  says: (x: ExperimentView) => string;
  done: string;
  command: (id: string, reason: string) => Promise<unknown>;
}

const onHosts = (x: ExperimentView) => `${count(x.hosts.length)} ${x.hosts.length === 1 ? "host" : "hosts"}`;

/** Commands that need no more than a reason. */
export const ASKED: Partial<Record<Action, Asked>> = {
  start: {
    title: "Start the experiment",
    says: (x) =>
      `${(x.selector ?? x.group) ? "The hosts that are meant now are frozen, and both" : "Both"} variants are put on ${onHosts(x)}. Production goes on as it is; the candidate is counted and sent nowhere. It measures for ${duration(x.plan.durationSeconds)} after a warm-up of ${duration(x.plan.warmUpSeconds)}.`,
    done: "The experiment is starting.",
    command: start,
  },
  stop: {
    title: "Stop without a verdict",
    says: (x) =>
      `The candidate is removed from ${onHosts(x)} and there will be no verdict. What was measured stays. It cannot be started again, but cloned.`,
    done: "The experiment is stopping.",
    command: stop,
  },
  rollBack: {
    title: "Roll back",
    says: (x) =>
      `${onHosts(x)} return to ${x.baseline.name} version ${x.baseline.version} alone, at once. A promotion that is under way ends.`,
    done: "The hosts are going back.",
    command: rollBack,
  },
  keep: {
    title: "Decide for the baseline",
    says: (x) =>
      x.state === "promoting" || x.state === "promoted"
        ? `Nothing of the candidate stays production: ${onHosts(x)} go back to the baseline.`
        : "Nothing of the candidate becomes production. What is still measured ends.",
    done: "It was decided for the baseline.",
    command: keep,
  },
  archive: {
    title: "Archive",
    says: () => "Lists show it only where they are asked to. Events, evidence and savings stay.",
    done: "The experiment was archived.",
    command: archive,
  },
  unarchive: {
    title: "Take out of the archive",
    says: () => "Lists show it again.",
    done: "The experiment is in the lists again.",
    command: unarchive,
  },
};
