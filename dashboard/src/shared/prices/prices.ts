import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** Prices that hold on a day (today where left out). */
export const prices = (on?: string) =>
  queryOptions({
    queryKey: ["prices", "entries", on],
    queryFn: ({ signal }) => call(api.GET("/api/v2/prices", { params: { query: { on } }, signal })),
  });
