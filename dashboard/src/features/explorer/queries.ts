import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

const RUNNING_MS = 2_000;

/** What an exploration has found so far; asked again while hosts are still at it. */
export const exploration = (id: string, price: string | undefined) =>
  queryOptions({
    queryKey: ["explorations", "one", id, price],
    queryFn: ({ signal }) => call(api.GET("/api/v2/explorations/{id}", { params: { path: { id }, query: { price } }, signal })),
    placeholderData: (before) => (before?.id === id ? before : undefined),
    refetchInterval: (query) => (query.state.data?.state === "running" ? RUNNING_MS : false),
  });

export const explorations = infiniteQueryOptions({
  queryKey: ["explorations", "list"],
  queryFn: ({ pageParam, signal }) =>
    call(
      api.GET("/api/v2/explorations", { params: { query: { limit: 25, ...(pageParam === null ? {} : { after: pageParam }) } }, signal }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next ?? undefined,
  refetchInterval: 15_000,
});
