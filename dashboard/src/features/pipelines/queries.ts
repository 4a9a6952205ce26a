import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { Moment } from "~/shared/as-of/moments";

export const pipeline = (id: string, at: Moment | null) =>
  queryOptions({
    queryKey: ["pipelines", "one", id, at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/{id}", { params: { path: { id }, query: { at: at ?? undefined } }, signal })),
  });

/** How many hosts run each version; it changes with the fleet. */
export const pipelineUses = queryOptions({
  queryKey: ["fleet", "pipelines"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/hosts", { signal })),
});

export const pipelineHosts = (id: string, version: number | undefined) =>
  infiniteQueryOptions({
    queryKey: ["fleet", "pipelines", id, version],
    queryFn: ({ signal, pageParam }) =>
      call(
        api.GET("/api/v2/pipelines/{id}/hosts", {
          params: { path: { id }, query: { version, limit: 200, after: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

/** What comes with the control plane changes with its release alone. */
export const componentTypes = queryOptions({
  queryKey: ["pipeline-components"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/components", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Whether a collector would start with a text, as the control plane would say when it is published. */
export const checked = (configuration: string) =>
  queryOptions({
    queryKey: ["pipeline-check", configuration],
    queryFn: ({ signal }) => call(api.POST("/api/v2/pipelines/check", { body: { configuration }, signal })),
    enabled: configuration.trim() !== "",
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
