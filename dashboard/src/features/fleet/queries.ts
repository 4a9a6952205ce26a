import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, api, call } from "~/api/client";
import type { AgentView } from "~/api/schema";
import { justAfter } from "~/shared/as-of/moments";
import { groups } from "~/shared/hosts/queries";
import { pipelines } from "~/shared/pipelines/queries";
import type { FleetSearch, HostFilters } from "./search";

const HEARTBEATS_MS = 15_000;

/** The document does not say what the values of labels are; they are texts. */
export const labelsOf = (host: AgentView): Record<string, string> => host.labels as Record<string, string>;

/** @param at a past moment; now where left out. */
export const fleetSummary = (at?: string) =>
  queryOptions({
    queryKey: ["fleet", "summary", at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/fleet/summary", { params: { query: { at } }, signal })),
    refetchInterval: at === undefined && HEARTBEATS_MS,
    placeholderData: (before) => before,
  });

const FIRST_PAGE = 200;
const FURTHER_PAGES = 1000;

/**
 * Hosts by id. One page follows every event; of a long list, which takes several requests to read again, only the interval: else events would come faster
 * than it can be read.
 */
export const hosts = (filters: HostFilters, at?: string) =>
  infiniteQueryOptions({
    queryKey: ["fleet", "hosts", filters, at],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/agents", {
          params: {
            query: {
              ...filters,
              at,
              limit: pageParam === null ? FIRST_PAGE : FURTHER_PAGES,
              ...(pageParam === null ? {} : { after: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? undefined,
    // While time is stepped through the moment before stays in sight; what was filtered otherwise does not.
    placeholderData: (before, query) => (JSON.stringify(query?.queryKey[2]) === JSON.stringify(filters) ? before : undefined),
    staleTime: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? "static" : 60_000),
    refetchInterval: (query) => at === undefined && ((query.state.data?.pages.length ?? 0) > 1 ? 2 * HEARTBEATS_MS : HEARTBEATS_MS),
  });

/** One host with the last log lines of its collectors. */
export const host = (hostId: string, at?: string) =>
  queryOptions({
    queryKey: ["fleet", "host", hostId, at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/agents/{hostId}", { params: { path: { hostId }, query: { at } }, signal })),
    // While time is stepped through the moment before stays in sight.
    placeholderData: (before, query) => (query?.queryKey[2] === hostId ? before : undefined),
    refetchInterval: at === undefined && HEARTBEATS_MS,
  });

/** The same, with null for a host that is not enrolled: for whom that is no failure. */
export const hostIfThere = (hostId: string) =>
  queryOptions({
    queryKey: ["fleet", "if-there", hostId],
    queryFn: async ({ signal }) => {
      try {
        return await call(api.GET("/api/v2/agents/{hostId}", { params: { path: { hostId } }, signal }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

/** What was the production pipeline of a host, newest first. */
export const hostVersions = (hostId: string) =>
  infiniteQueryOptions({
    queryKey: ["fleet", "versions", hostId],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/agents/{hostId}/versions", {
          params: { path: { hostId }, query: { limit: 50, ...(pageParam === null ? {} : { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** What happened to a host itself, newest first: enrolled, labelled, drained, lost. With a past moment: until it, and what happened at it. */
export const hostEvents = (streamId: string, at?: string) =>
  infiniteQueryOptions({
    queryKey: ["audit", "of-host", streamId, at],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/audit", {
          params: {
            query: {
              streamId,
              ...(at === undefined ? {} : { until: justAfter(at) }),
              order: "desc",
              limit: 50,
              ...(pageParam === null ? {} : { after: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.next === null ? undefined : Number(last.next)),
  });

/** Log lines that a host was asked for; asked again until it has answered, or until they are kept no more. */
export const hostLogs = (id: string) =>
  queryOptions({
    queryKey: ["tasks", "logs", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/host-logs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data, error } }) =>
      !(error instanceof ApiError && error.status === 404) && (data === undefined || ["queued", "assigned"].includes(data.state))
        ? 1_000
        : false,
  });

/** Open tasks and dead letters of a host. */
export const hostTasks = (hostId: string) =>
  queryOptions({
    queryKey: ["tasks", "of-host", hostId],
    queryFn: ({ signal }) => call(api.GET("/api/v2/tasks", { params: { query: { hostId, limit: 200 } }, signal })),
    refetchInterval: HEARTBEATS_MS,
  });

/** Names by id, for what hosts refer to. */
export const pipelineNames = queryOptions({
  ...pipelines(),
  select: ({ items }): Record<string, string> => Object.fromEntries(items.map((p) => [p.id, p.name])),
});

/** How long an incident may last, by the control plane's own bound. */
const LONGEST_INCIDENT_MS = 24 * 3600_000;

/** Deployments that end by their time and have not ended: none of them was asked for longer ago than the longest may last. */
export const incidents = queryOptions({
  queryKey: ["deployments", "incidents"],
  queryFn: async ({ signal }) => {
    const since = Date.now() - LONGEST_INCIDENT_MS;
    const found = [];
    let after: number | undefined;
    for (;;) {
      const page = await call(api.GET("/api/v2/deployments", { params: { query: { limit: 200, after } }, signal }));
      found.push(...page.items.filter((d) => d.until !== null && !ENDED.has(d.state)));
      const last = page.items.at(-1);
      if (!page.next || last === undefined || Date.parse(last.requestedAt) < since) return found;
      after = Number(page.next);
    }
  },
  refetchInterval: HEARTBEATS_MS,
});

const ENDED = new Set(["rolledBack", "completed", "aborted", "rejected"]);

export const releases = queryOptions({
  queryKey: ["upgrades", "releases"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/agent-releases", { signal })),
});

export const upgrades = infiniteQueryOptions({
  queryKey: ["upgrades", "list"],
  queryFn: ({ pageParam, signal }) =>
    call(api.GET("/api/v2/upgrades", { params: { query: { limit: 50, ...(pageParam === null ? {} : { after: pageParam }) } }, signal })),
  initialPageParam: null as number | null,
  getNextPageParam: (last) => (last.next ? Number(last.next) : undefined),
});

/** An upgrade with its hosts in the order of the stages. */
export const upgrade = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["upgrades", "one", id],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/upgrades/{id}", {
          params: { path: { id }, query: { limit: 200, ...(pageParam === null ? {} : { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.hosts.next ? Number(last.hosts.next) : undefined),
    refetchInterval: HEARTBEATS_MS,
  });

/** Asks for what the fleet's page shows while its code still comes. How that went stands in the reads, which the page looks at. */
export function askAhead(queries: QueryClient, { filters, at, tab }: { filters: HostFilters } & Pick<FleetSearch, "at" | "tab">): void {
  void queries.prefetchQuery(fleetSummary(at));
  if ((tab ?? "hosts") === "hosts") void queries.prefetchInfiniteQuery(hosts(filters, at));
  void queries.prefetchQuery(groups);
  void queries.prefetchQuery(pipelines());
  void queries.prefetchQuery(incidents);
}
