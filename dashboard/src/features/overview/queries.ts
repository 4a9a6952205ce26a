import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { FlowDimension } from "~/api/schema";
import { budgets } from "~/shared/budgets/queries";
import { counts } from "~/shared/experiments/queries";
import { usualPrice } from "~/shared/prices/prices";
import type { OverviewSearch } from "./search";

const EVERY_MS = 15_000;
/** Of experiments; where there are more, that is said. */
const SHOWN = 20;

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
        params: { query: { state: "starting,warmingUp,running,completing,promoting,rollingBack,stopping", limit: SHOWN } },
        signal,
      }),
    ),
});

/** Experiments that nobody has decided about. */
export const undecided = queryOptions({
  queryKey: ["experiments", "undecided"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/undecided", { params: { query: { limit: SHOWN } }, signal })),
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

/** Asks for what the page shows while its code still comes. How that went stands in the reads, which the page looks at. */
export function askAhead(queries: QueryClient, { by = "metric", price: chosen }: OverviewSearch): void {
  const priced = async () => {
    const price = chosen ?? (await queries.fetchQuery(usualPrice)) ?? undefined;
    void queries.prefetchQuery(flow("metric", price));
    void queries.prefetchQuery(flow(by, price));
    if (price === undefined) return;
    void queries.prefetchQuery(saved(price));
    void queries.prefetchQuery(trend(price));
  };
  // The page shows a failure of it as its own.
  priced().catch(() => undefined);
  void queries.prefetchQuery(counts);
  void queries.prefetchQuery(fleet);
  void queries.prefetchQuery(underWay);
  void queries.prefetchQuery(undecided);
  void queries.prefetchQuery(awaiting);
  void queries.prefetchQuery(held);
  void queries.prefetchQuery(upgrades);
  void queries.prefetchQuery(budgets);
  void queries.prefetchQuery(queue);
}
