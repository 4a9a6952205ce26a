import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { around, justAfter, type Moment } from "./moments";

/** Which events are meant: all of an experiment with its tasks, one stream, or one kind of streams. Nothing given: everything. */
export interface EventScope {
  experimentId?: string;
  streamId?: string;
  streamType?: string;
}

const BUCKETS = 160;
/** How many events around a moment are shown; more are a case for the audit log. */
export const MOST_AROUND = 100;

/** How many events happened when, since `from` or since the log began. */
export const density = (scope: EventScope, from?: Moment) =>
  queryOptions({
    queryKey: ["audit", "histogram", scope, from],
    queryFn: ({ signal }) => call(api.GET("/api/v2/audit/histogram", { params: { query: { ...scope, from, buckets: BUCKETS } }, signal })),
    placeholderData: (before) => before,
  });

export const eventsAround = (scope: EventScope, at: Moment, minutes: number) =>
  queryOptions({
    queryKey: ["audit", "around", scope, at, minutes],
    queryFn: ({ signal }) =>
      call(api.GET("/api/v2/audit", { params: { query: { ...scope, ...around(at, minutes), limit: MOST_AROUND } }, signal })),
  });

/** The moment of the event next to this one, or null where there is none. */
export async function neighbour(scope: EventScope, at: Moment | null, direction: "earlier" | "later"): Promise<Moment | null> {
  const query =
    direction === "earlier"
      ? { ...scope, ...(at === null ? {} : { until: at }), order: "desc", limit: 1 }
      : { ...scope, ...(at === null ? {} : { from: justAfter(at) }), order: "asc", limit: 1 };
  const page = await call(api.GET("/api/v2/audit", { params: { query } }));
  return page.items[0]?.timestamp ?? null;
}
