import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { atOf, type Moment } from "~/shared/as-of/moments";

/** How many there are in each state, and in the archive. */
export const counts = queryOptions({
  queryKey: ["experiments", "counts"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/counts", { signal })),
});

/** What an experiment itself took, at the rates of own machines. */
export const cost = (id: string, at: Moment | null) =>
  queryOptions({
    queryKey: ["experiments", "cost", id, at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}/cost", { params: { path: { id }, query: atOf(at) }, signal })),
    // What was measured stays so; prices and rates of that day may be written down anew.
    ...(at === null ? {} : { staleTime: Number.POSITIVE_INFINITY }),
  });

/** What it measured under every price of the book, also in another currency. */
export const whatIf = (id: string, at: Moment | null, currency?: string) =>
  queryOptions({
    queryKey: ["experiments", "what-if", id, currency, at],
    queryFn: ({ signal }) =>
      call(api.GET("/api/v2/experiments/{id}/what-if", { params: { path: { id }, query: { ...atOf(at), currency } }, signal })),
    ...(at === null ? {} : { staleTime: Number.POSITIVE_INFINITY }),
  });
