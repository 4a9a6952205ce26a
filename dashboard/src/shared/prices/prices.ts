import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** Prices that hold on a day (today where left out). */
export const prices = (on?: string) =>
  queryOptions({
    queryKey: ["prices", "entries", on],
    queryFn: ({ signal }) => call(api.GET("/api/v2/prices", { params: { query: { on } }, signal })),
  });

/** By which price money is told where nobody has chosen one; null where nothing says so. */
export const usualPrice = queryOptions({
  // Among the savings, since it changes with what they are told of.
  queryKey: ["savings", "usual-price"],
  queryFn: async ({ signal }) => (await call(api.GET("/api/v2/savings/usual-price", { signal }))).price,
});
