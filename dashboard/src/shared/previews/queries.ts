import { queryOptions } from "@tanstack/react-query";
import { api, call, isFinal } from "~/api/client";
import { isSettled } from "./summarise";

/** What previews with a report say in money, for their hosts together. */
export const previewSaving = (ids: readonly string[], price: string) =>
  queryOptions({
    queryKey: ["previews", "saving", price, ...ids],
    queryFn: ({ signal }) => call(api.GET("/api/v2/previews/saving", { params: { query: { id: [...ids], price } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A preview on one host, asked again until the host has answered; not once it is gone. */
export const preview = (id: string) =>
  queryOptions({
    queryKey: ["previews", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/previews/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (isFinal(state.error) || (state.data !== undefined && isSettled(state.data)) ? false : 1_500),
    staleTime: (query) => (query.state.data !== undefined && isSettled(query.state.data) ? Number.POSITIVE_INFINITY : 0),
  });
