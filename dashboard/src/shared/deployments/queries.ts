import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const changePolicy = queryOptions({
  queryKey: ["change-policy"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/change-policy", { signal })),
  // A freeze begins and ends without an event.
  refetchInterval: 30_000,
});
