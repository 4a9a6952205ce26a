import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { Moment } from "~/shared/as-of/moments";

/** All pipelines; at a moment those that there were, with the versions that they had. */
export const pipelines = (at: Moment | null = null) =>
  queryOptions({
    queryKey: ["pipelines", "list", at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines", { params: { query: { at: at ?? undefined } }, signal })),
  });

/** The text of a version, which never changes: no event makes it be read again. */
export const versionText = (id: string, version: number) =>
  queryOptions({
    queryKey: ["pipeline-text", id, version],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/{id}/versions/{version}", { params: { path: { id, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version > 0,
  });
