/**
 * Which reads a stream's events change, by the audit log's name of the stream's type and the first part of their query keys. `later` are those that a projection builds after the event: they are read
 * again a moment later too.
 */
export const TOPICS: Record<string, { now: string[]; later?: string[] }> = {
  Experiment: { now: ["experiments", "audit"], later: ["savings"] },
  MetricProtection: { now: ["protected-metrics", "experiments", "audit"] },
  AgentTask: { now: ["tasks", "audit"], later: ["fleet"] },
  Agent: { now: ["fleet", "groups", "audit"] },
  Group: { now: ["groups", "fleet", "audit"] },
  Pipeline: { now: ["pipelines", "audit"] },
  Deployment: { now: ["deployments", "audit"], later: ["fleet", "savings"] },
  ChangePolicy: { now: ["change-policy", "deployments", "audit"] },
  Upgrade: { now: ["upgrades", "audit"], later: ["fleet"] },
  PriceBook: { now: ["prices", "savings", "audit"] },
  Backend: { now: ["backends", "audit"] },
  NotificationTarget: { now: ["notification-targets", "audit"] },
  Budget: { now: ["budgets", "audit"] },
  Usage: { now: ["savings", "budgets", "audit"] },
  Exploration: { now: ["explorations", "audit"] },
  User: { now: ["users", "tokens", "me", "audit"] },
};

/** Every kind of stream, as the audit log names it. */
export const STREAM_TYPES: readonly string[] = Object.keys(TOPICS);

/** Reads that fleets change all the time: again at most this often. */
export const SLOW_TOPICS: Record<string, number> = { tasks: 1_000, fleet: 1_000, audit: 1_000 };
