import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { SPANS, type Span, type Status, type TaskFilter, type TasksSearch } from "./search";

const QUEUE_MS = 10_000;

export const taskSummary = queryOptions({
  queryKey: ["tasks", "summary"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/tasks/summary", { signal })),
  refetchInterval: QUEUE_MS,
});

/** What the queue got through. The events of an hour are many: it follows its own clock, not each of them. */
export const throughput = (span: Span) =>
  queryOptions({
    queryKey: ["tasks", "throughput", span],
    queryFn: ({ signal }) => call(api.GET("/api/v2/tasks/throughput", { params: { query: SPANS[span] }, signal })),
    staleTime: "static",
    refetchInterval: QUEUE_MS,
    placeholderData: (before) => before,
  });

/** Open tasks in the order in which they would be taken, and dead letters. A long list, of several requests, follows the interval and not every event. */
export const tasks = ({ host, experiment, purpose, status }: TasksSearch) =>
  infiniteQueryOptions({
    queryKey: ["tasks", "list", { host, experiment, purpose, status }],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/tasks", {
          params: {
            query: {
              hostId: host,
              experimentId: experiment,
              purpose,
              status,
              limit: 200,
              ...(pageParam === null ? {} : { after: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.next as string | null) ?? undefined,
    staleTime: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? "static" : 60_000),
    refetchInterval: QUEUE_MS,
  });

export const task = (id: string) =>
  queryOptions({
    queryKey: ["tasks", "one", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/tasks/{id}", { params: { path: { id } }, signal })),
  });

const PAGE = 1000;
const MOST_PAGES = 20;

/** How many tasks in one of the states an action would be for, right now. */
export const concerned = (filter: TaskFilter, statuses: readonly Status[]) =>
  queryOptions({
    queryKey: ["tasks", "concerned", filter, statuses],
    queryFn: async ({ signal }) => {
      const { ids, ...query } = filter;
      let found = 0;
      for (const status of statuses) {
        let after: string | undefined;
        for (let page = 0; ; page++) {
          if (page === MOST_PAGES) return { tasks: found, andMore: true };
          const got = await call(api.GET("/api/v2/tasks", { params: { query: { ...query, status, limit: PAGE, after } }, signal }));
          found += ids === undefined ? got.items.length : got.items.filter((t) => ids.includes(t.id)).length;
          if (!got.next) break;
          after = got.next;
        }
      }
      return { tasks: found, andMore: false };
    },
    staleTime: 0,
  });

/** Names of the experiments that tasks are for. */
export const experimentName = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "name", id],
    queryFn: async ({ signal }) => (await call(api.GET("/api/v2/experiments/{id}", { params: { path: { id } }, signal }))).name,
    staleTime: 10 * 60_000,
  });

/** An experiment's id where a task is for one: others have the empty one. */
export const experimentOf = (id: string): string | null => (/^[0-]+$/.test(id) ? null : id);
