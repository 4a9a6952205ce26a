import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { Moment } from "~/shared/as-of/moments";

/** All pipelines; at a moment those that there were, with the versions that they had. */
export const pipelines = (at: Moment | null = null) =>
  queryOptions({
    queryKey: ["pipelines", "list", at],
    queryFn: ({ signal }) => call(api.GET("/api/v2/pipelines", { params: { query: { at: at ?? undefined } }, signal })),
  });
