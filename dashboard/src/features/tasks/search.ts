import type { TaskPurpose } from "~/api/schema";
import { oneOf, text, words } from "~/shared/search/read";
import { PURPOSE_KEYS } from "~/shared/tasks/words";

export const STATUSES = ["queued", "assigned", "deadLettered"] as const;
export type Status = (typeof STATUSES)[number];

export const SPANS = {
  "1h": { minutes: 60, bucketSeconds: 60 },
  "6h": { minutes: 360, bucketSeconds: 300 },
  "24h": { minutes: 1440, bucketSeconds: 900 },
};
export type Span = keyof typeof SPANS;

/** What the address of the tasks says. */
export interface TasksSearch {
  host?: string;
  experiment?: string;
  purpose?: NonNullable<TaskPurpose>;
  status?: Status;
  /** The task whose history is shown. */
  task?: string;
  /** How far back the throughput goes. */
  span?: Span;
  /** Ids of ticked tasks, between commas. */
  ticked?: string;
}

export function tasksSearch(search: Record<string, unknown>): TasksSearch {
  const read: TasksSearch = {
    host: text(search.host),
    experiment: uuid(search.experiment),
    purpose: oneOf(search.purpose, PURPOSE_KEYS),
    status: oneOf(search.status, STATUSES),
    task: uuid(search.task),
    span: oneOf(search.span, Object.keys(SPANS) as Span[]),
    ticked: text(search.ticked),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const uuid = (value: unknown): string | undefined => (typeof value === "string" && UUID.test(value) ? value : undefined);

/** What the control plane takes to mean many tasks at once. The status is not among it: a cancel is for open ones, a requeue for dead ones. */
export type TaskFilter = { hostId?: string; experimentId?: string; purpose?: NonNullable<TaskPurpose>; ids?: string[] };

/** What a bulk action would be for: the ticked ones, or else all that the filter takes; null where neither says which. */
export function bulkFilter(search: TasksSearch): TaskFilter | null {
  const ids = words(search.ticked).filter((id) => UUID.test(id));
  if (ids.length > 0) return { ids };
  const filter = {
    ...(search.host === undefined ? {} : { hostId: search.host }),
    ...(search.experiment === undefined ? {} : { experimentId: search.experiment }),
    ...(search.purpose === undefined ? {} : { purpose: search.purpose }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}
