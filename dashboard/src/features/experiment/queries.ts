import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { CollectorArm } from "~/api/schema";
import { atOf, dayOf, fixedAt, type Moment } from "~/shared/as-of/moments";

/** Enough for a chart; the newest window is always among them. */
const POINTS = 400;
const PAGE = 200;
const ALL = 1_000;

export const experiment = (id: string, at: Moment | null) =>
  queryOptions({
    queryKey: ["experiments", "one", id, at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}", { params: { path: { id }, query: atOf(at) }, signal })),
    ...fixedAt(at),
  });

/** Window by window, with what could be claimed after each. A past moment takes those that were there then, by the prices of its day. */
export const windows = (id: string, at: Moment | null) =>
  queryOptions({
    queryKey: ["experiments", "windows", id, dayOf(at)],
    queryFn: ({ signal }) =>
      call(api.GET("/api/v2/experiments/{id}/windows", { params: { path: { id }, query: { points: POINTS, on: dayOf(at) } }, signal })),
  });

export const guardrails = (id: string, at: Moment | null) =>
  queryOptions({
    queryKey: ["experiments", "guardrails", id, at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}/guardrails", { params: { path: { id }, query: atOf(at) }, signal })),
    ...fixedAt(at),
  });

export const experimentHosts = (id: string, at: Moment | null) =>
  infiniteQueryOptions({
    queryKey: ["experiments", "hosts", id, at],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/experiments/{id}/hosts", {
          params: { path: { id }, query: { ...atOf(at), limit: PAGE, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    ...fixedAt(at),
  });

export const decisions = (id: string, hostId: string | undefined, arm: CollectorArm | undefined) =>
  infiniteQueryOptions({
    queryKey: ["experiments", "decisions", id, hostId, arm],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/v2/experiments/{id}/decisions", {
          params: { path: { id }, query: { hostId, arm, limit: PAGE, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next ? Number(page.next) : undefined),
  });

/** The experiment's own events, those of its windows left out or not. */
export const timeline = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["experiments", "timeline", id],
    queryFn: ({ pageParam, signal }) =>
      call(api.GET("/api/v2/experiments/{id}/timeline", { params: { path: { id }, query: { limit: ALL, after: pageParam } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next ? Number(page.next) : undefined),
  });

export const backendCheck = (id: string, backend: string) =>
  queryOptions({
    queryKey: ["backend-check", id, backend],
    queryFn: ({ signal }) =>
      call(api.GET("/api/v2/experiments/{id}/backend-check", { params: { path: { id }, query: { backend } }, signal })),
    // It asks somebody else's server: when a person wants it, and not with each event.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The newest promotion of the experiment and the deployment that brings it to the hosts; null where none was asked for. */
export const promotion = (id: string) =>
  queryOptions({
    queryKey: ["deployments", "of-experiment", id],
    queryFn: async ({ signal }) => {
      const asked = await call(
        api.GET("/api/v2/audit", {
          params: { query: { experimentId: id, type: ["promotion_requested"], order: "desc", limit: 1 } },
          signal,
        }),
      );
      const deployment = (asked.items[0]?.data as { deploymentId?: string | null } | undefined)?.deploymentId;
      if (!deployment) return null;
      return call(api.GET("/api/v2/deployments/{id}", { params: { path: { id: deployment }, query: { limit: PAGE } }, signal }));
    },
  });
