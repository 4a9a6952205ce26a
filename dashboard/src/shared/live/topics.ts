/**
 * Which reads a stream's events change, by the first part of their query keys. `later` are those that a projection builds after the event: they are read
 * again a moment later too.
 */
export const TOPICS: Record<string, { now: string[]; later?: string[] }> = {
  Experiments: { now: ["experiments", "protected-metrics", "audit"], later: ["savings"] },
  Tasks: { now: ["tasks", "audit"], later: ["fleet"] },
  Agents: { now: ["fleet", "groups", "audit"] },
  Pipelines: { now: ["pipelines", "audit"] },
  Deployments: { now: ["deployments", "change-policy", "audit"], later: ["fleet", "savings"] },
  Upgrades: { now: ["upgrades", "audit"], later: ["fleet"] },
  Pricing: { now: ["prices", "savings", "audit"] },
  Backends: { now: ["backends", "audit"] },
  Notifications: { now: ["notification-targets", "audit"] },
  Budgets: { now: ["budgets", "audit"] },
  Usage: { now: ["savings", "budgets", "audit"] },
  Explorations: { now: ["explorations", "audit"] },
  Users: { now: ["users", "tokens", "me", "audit"] },
};

/** Reads that fleets change all the time: again at most this often. */
export const SLOW_TOPICS: Record<string, number> = { tasks: 1_000, fleet: 1_000, audit: 1_000 };
