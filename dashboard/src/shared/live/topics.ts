interface Concerned {
  /** The topic whose reads of one thing name it by its stream: of these, only those that the message names are asked again. */
  own?: string;
  /** Others that an event changes, whatever they name. */
  now?: string[];
  /** Those that a projection builds after the event: they are asked at once, and again a moment later. */
  later?: string[];
}

/** Which reads a stream's events change, by the first part of their query keys. The audit log is changed by each. */
export const TOPICS: Record<string, Concerned> = {
  Experiment: { own: "experiments", later: ["savings"] },
  MetricProtection: { now: ["protected-metrics", "experiments"] },
  AgentTask: { own: "tasks", later: ["fleet"] },
  Agent: { now: ["fleet", "groups"] },
  Group: { now: ["groups", "fleet"] },
  Pipeline: { own: "pipelines" },
  Deployment: { own: "deployments", later: ["fleet", "savings"] },
  ChangePolicy: { now: ["change-policy", "deployments"] },
  Upgrade: { own: "upgrades", later: ["fleet"] },
  // Whatever tells money: what an experiment saves, what flows through now, what a label costs, and the budgets against it.
  PriceBook: { now: ["prices", "savings", "budgets", "experiments", "flow", "explorations", "previews"] },
  Backend: { now: ["backends"] },
  NotificationTarget: { now: ["notification-targets"] },
  Budget: { now: ["budgets"] },
  Usage: { now: ["savings", "budgets"] },
  Exploration: { own: "explorations" },
  User: { now: ["users", "tokens", "me"] },
};

/** Every kind of stream, as the audit log names it. */
export const STREAM_TYPES: readonly string[] = Object.keys(TOPICS);

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The stream that a read is of, by its key: the id in it, or the `streamId` that it filters by. Null for lists and sums, and where the key's second word says
 * that the id is of something else, such as `of-experiment`.
 */
export function streamOf(key: readonly unknown[]): string | null {
  if (typeof key[1] === "string" && key[1].startsWith("of-")) return null;
  for (const part of key) {
    const id = typeof part === "object" && part !== null ? (part as { streamId?: unknown }).streamId : part;
    if (typeof id === "string" && ID.test(id)) return id.toLowerCase();
  }
  return null;
}
