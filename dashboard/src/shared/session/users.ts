import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** Everybody. The log knows users by their ids alone; names are looked up here. */
export const users = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/users", { signal })),
  staleTime: 5 * 60_000,
});
