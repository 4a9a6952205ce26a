import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { FlowDimension } from "~/api/schema";

const EVERY_MS = 15_000;
/** Verdicts that are looked into for whether somebody has acted on them. */
const MOST_VERDICTS = 20;

/** What goes through now: hosts tell it with their heartbeats, not with events. */
export const flow = (by: FlowDimension, price: string | undefined) =>
  queryOptions({
    queryKey: ["flow", by, price],
    queryFn: ({ signal }) => call(api.GET("/api/v2/flow", { params: { query: { by, price } }, signal })),
    refetchInterval: EVERY_MS,
  });

export const saved = (price: string) =>
  queryOptions({
    queryKey: ["savings", "ledger", "overview", price],
    queryFn: ({ signal }) => call(api.GET("/api/v2/savings/ledger", { params: { query: { by: "day", price } }, signal })),
  });

export const trend = (price: string) =>
  queryOptions({
    queryKey: ["savings", "trend", "overview", price],
    queryFn: ({ signal }) => call(api.GET("/api/v2/savings/trend", { params: { query: { by: "pipeline", price } }, signal })),
  });

export const underWay = queryOptions({
  queryKey: ["experiments", "under-way"],
  queryFn: ({ signal }) =>
    call(
      api.GET("/api/v2/experiments", {
        params: { query: { state: "starting,warmingUp,running,completing,promoting,rollingBack,stopping", limit: 50 } },
        signal,
      }),
    ),
});

/** Experiments that are over and not archived, with what only each one itself tells: whether somebody has decided. */
export const over = queryOptions({
  queryKey: ["experiments", "undecided"],
  queryFn: async ({ signal }) => {
    const page = await call(
      api.GET("/api/v2/experiments", { params: { query: { state: "completed,rolledBack", limit: MOST_VERDICTS } }, signal }),
    );
    const items = await Promise.all(
      page.items.map((e) => call(api.GET("/api/v2/experiments/{id}", { params: { path: { id: e.id } }, signal }))),
    );
    return { items, next: page.next };
  },
});

export const drafts = queryOptions({
  queryKey: ["experiments", "drafts"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/experiments", { params: { query: { state: "draft", limit: 1 } }, signal })),
});

const ofState = (state: "awaitingApproval" | "held") =>
  queryOptions({
    queryKey: ["deployments", "overview", state],
    queryFn: ({ signal }) => call(api.GET("/api/v2/deployments", { params: { query: { state, limit: 50 } }, signal })),
  });
export const awaiting = ofState("awaitingApproval");
export const held = ofState("held");

export const upgrades = queryOptions({
  queryKey: ["upgrades", "overview"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/upgrades", { params: { query: { limit: 50 } }, signal })),
});

export const fleet = queryOptions({
  queryKey: ["fleet", "summary"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/fleet/summary", { signal })),
  refetchInterval: EVERY_MS,
});

export const queue = queryOptions({
  queryKey: ["tasks", "summary"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/tasks/summary", { signal })),
  refetchInterval: EVERY_MS,
});
