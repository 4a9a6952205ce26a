import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** The text of a version, which never changes: no event makes it be read again. */
export const versionText = (id: string, version: number) =>
  queryOptions({
    queryKey: ["pipeline-text", id, version],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines/{id}/versions/{version}", { params: { path: { id, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version > 0,
  });
