import type { TaskPurpose } from "~/api/schema";

const PURPOSES: Record<NonNullable<TaskPurpose>, string> = {
  applyVariants: "Apply an experiment's arms",
  removeCandidate: "Remove a candidate",
  promote: "Promote",
  restoreBaseline: "Restore the baseline",
  previewPipeline: "Preview a pipeline",
  simulateLoad: "Simulate load",
  upgradeAgent: "Upgrade the agent",
  reapply: "Apply production again",
  deploy: "Deploy",
  readLogs: "Read logs",
  exploreInput: "Explore input",
};

/** The control plane writes purposes with a capital in the queue and without one elsewhere. */
export const purposeKey = (purpose: string): string => purpose.charAt(0).toLowerCase() + purpose.slice(1);

/** What a task is for; one that this page does not know is told by its name. */
export const purposeLabel = (purpose: string): string => (PURPOSES as Record<string, string>)[purposeKey(purpose)] ?? purpose;

export const PURPOSE_KEYS = Object.keys(PURPOSES) as NonNullable<TaskPurpose>[];

export const TASK_STATUS: Record<string, string> = {
  queued: "Queued",
  assigned: "Assigned",
  deadLettered: "Dead letter",
  succeeded: "Succeeded",
  cancelled: "Cancelled",
};
