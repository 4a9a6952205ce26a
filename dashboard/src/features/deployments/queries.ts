import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { DeploymentHostState, DeploymentState } from "~/api/schema";

export const deployments = (state: DeploymentState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["deployments", "list", state],
    queryFn: ({ signal, pageParam }) =>
      call(api.GET("/api/v2/deployments", { params: { query: { state, limit: 100, after: pageParam } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.next ? Number(page.next) : null),
  });

/** A deployment with a page of its hosts; what hosts say by heartbeats comes with no event, so it is asked for again. */
export const deployment = (id: string, state: DeploymentHostState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["deployments", "one", id, state],
    queryFn: ({ signal, pageParam }) =>
      call(api.GET("/api/v2/deployments/{id}", { params: { path: { id }, query: { state, limit: 200, after: pageParam } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.hosts.next ? Number(page.hosts.next) : null),
    refetchInterval: 15_000,
  });

/** What happened to a deployment, from its events, newest first. */
export const history = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["deployments", "history", id],
    queryFn: ({ signal, pageParam }) =>
      call(api.GET("/api/v2/audit", { params: { query: { streamId: id, order: "desc", limit: 200, after: pageParam } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next === null ? undefined : Number(page.next)),
  });

/** Hosts that run something else than they should, by their last heartbeats. */
export const drifted = infiniteQueryOptions({
  queryKey: ["fleet", "drift"],
  queryFn: ({ signal, pageParam }) =>
    call(api.GET("/api/v2/agents", { params: { query: { drift: true, limit: 200, after: pageParam ?? undefined } }, signal })),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next ?? null,
  refetchInterval: 15_000,
});
