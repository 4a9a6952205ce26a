import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { LedgerDimension } from "~/api/schema";

export interface Span {
  from?: string;
  to?: string;
  by: LedgerDimension;
  price?: string;
}

export const ledger = ({ from, to, by, price }: Span) =>
  queryOptions({
    queryKey: ["savings", "ledger", { from, to, by, price }],
    queryFn: ({ signal }) => call(api.GET("/api/v2/savings/ledger", { params: { query: { from, to, by, price } }, signal })),
  });

export const trend = ({ days, by, price }: { days: number; by: LedgerDimension; price?: string }) =>
  queryOptions({
    queryKey: ["savings", "trend", { days, by, price }],
    queryFn: ({ signal }) => call(api.GET("/api/v2/savings/trend", { params: { query: { days, by, price } }, signal })),
  });

export const roi = ({ from, to, price }: { from?: string; to?: string; price?: string }) =>
  queryOptions({
    queryKey: ["savings", "roi", { from, to, price }],
    queryFn: ({ signal }) => call(api.GET("/api/v2/savings/roi", { params: { query: { from, to, price } }, signal })),
  });

/** What experiments proved, and what of it is live. */
export const entries = queryOptions({
  queryKey: ["savings", "entries"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/savings", { signal })),
});
