import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { OverlapQuestion } from "~/api/schema";

/** An experiment as it is now, for its design. */
export const experiment = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "one", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}", { params: { path: { id } }, signal })),
  });

const HOSTS_AT_ONCE = 100;

/** Hosts that a selector or a group means, a page at a time. */
export const hostsOf = (selector: string, group: string) =>
  infiniteQueryOptions({
    queryKey: ["fleet", "to-choose", selector, group],
    queryFn: ({ signal, pageParam }) =>
      call(
        api.GET("/api/v2/agents", {
          params: { query: { selector: selector || undefined, group: group || undefined, after: pageParam, limit: HOSTS_AT_ONCE } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const host = (hostId: string) =>
  queryOptions({
    queryKey: ["fleet", "one", hostId],
    queryFn: ({ signal }) => call(api.GET("/api/v2/agents/{hostId}", { params: { path: { hostId } }, signal })),
  });

/** How many hosts are meant, and who else means them. A read for all that it is a POST. */
export const overlaps = (question: OverlapQuestion | null) =>
  queryOptions({
    queryKey: ["experiments", "overlaps", question],
    queryFn: ({ signal }) => {
      if (question === null) throw new Error("Nothing is chosen.");
      return call(api.POST("/api/v2/experiments/overlaps", { body: question, signal }));
    },
    enabled: question !== null,
    staleTime: 10_000,
  });

export interface PowerQuestion {
  expectedReductionPct?: number;
  windowDeviationPct?: number;
  autocorrelationWindows?: number;
  hostDeviationPct?: number;
}

/** What the saved draft can prove; `version` makes it another question after each change. */
export const power = (id: string, version: number, question: PowerQuestion) =>
  queryOptions({
    queryKey: ["experiments", "power", id, version, question],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}/power", { params: { path: { id }, query: question }, signal })),
    staleTime: 5 * 60_000,
  });
