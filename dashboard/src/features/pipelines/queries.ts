import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const pipelines = queryOptions({
  queryKey: ["pipelines", "list"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines", { signal })),
});

export const pipeline = (id: string) =>
  queryOptions({
    queryKey: ["pipelines", "one", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/{id}", { params: { path: { id } }, signal })),
  });

/** A version's text never changes. */
export const versionText = (id: string, version: number) =>
  queryOptions({
    queryKey: ["pipeline-text", id, version],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/{id}/versions/{version}", { params: { path: { id, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version > 0,
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
export const catalogue = queryOptions({
  queryKey: ["catalogue"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/catalogue", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const template = (name: string) =>
  queryOptions({
    queryKey: ["catalogue", name],
    queryFn: ({ signal }) => call(api.GET("/api/v2/catalogue/{name}", { params: { path: { name } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const rendered = (name: string, parameters: Record<string, unknown>) =>
  queryOptions({
    queryKey: ["rendered", name, parameters],
    queryFn: ({ signal }) =>
      call(
        api.POST("/api/v2/catalogue/{name}/render", {
          params: { path: { name } },
          body: { parameters: parameters as Record<string, never> },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

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

const POLL_MS = 1_500;

/** A preview until its host has answered; then it stays as it is. */
export const preview = (id: string) =>
  queryOptions({
    queryKey: ["previews", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/previews/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) =>
      query.state.data !== undefined && !["queued", "assigned"].includes(query.state.data.state) ? false : POLL_MS,
  });
