import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { type AuditSearch, filterOf } from "./search";

export const PAGE = 100;

export const events = (search: AuditSearch) => {
  const filter = filterOf(search);
  const order = search.order ?? "desc";
  return infiniteQueryOptions({
    queryKey: ["audit", "list", filter, order],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/audit", {
          params: { query: { ...filter, order, limit: PAGE, after: pageParam === null ? undefined : Number(pageParam) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
};

export const histogram = (search: AuditSearch) => {
  const filter = filterOf(search);
  return queryOptions({
    queryKey: ["audit", "histogram", filter],
    queryFn: ({ signal }) => call(api.GET("/api/v2/audit/histogram", { params: { query: { ...filter, buckets: 120 } }, signal })),
  });
};

export const event = (sequence: number) =>
  queryOptions({
    queryKey: ["audit", "event", sequence],
    queryFn: ({ signal }) => call(api.GET("/api/v2/audit/{sequence}", { params: { path: { sequence } }, signal })),
  });

export const stream = (id: string) =>
  queryOptions({
    queryKey: ["audit", "stream", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/streams/{id}", { params: { path: { id } }, signal })),
  });

/** What is past does not change; a whole state is large, and the steps of a stream are many, so that it is not kept for long. */
export const streamAt = (id: string, version: number) =>
  queryOptions({
    queryKey: ["stream-version", id, version],
    gcTime: 30_000,
    queryFn: ({ signal }) => call(api.GET("/api/v2/streams/{id}/versions/{version}", { params: { path: { id, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
