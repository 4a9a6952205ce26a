import { queryOptions } from "@tanstack/react-query";
import { ApiError, api, call } from "~/api/client";

/** Prices that hold on a day (today where left out). */
export const prices = (on?: string) =>
  queryOptions({
    queryKey: ["prices", "entries", on],
    queryFn: ({ signal }) => call(api.GET("/api/v2/prices", { params: { query: { on } }, signal })),
  });

/** By which price money is told where nobody has chosen one: the ledger's, else the newest experiment's; null where there is neither. */
export const usualPrice = queryOptions({
  // Among the savings, since it changes with what they are told of.
  queryKey: ["savings", "usual-price"],
  queryFn: async ({ signal }): Promise<string | null> => {
    try {
      return (await call(api.GET("/api/v2/savings/ledger", { params: { query: { by: "day" } }, signal }))).price;
    } catch (error) {
      // Nothing was promoted yet, or by several prices.
      if (!(error instanceof ApiError) || error.code !== "price-unclear") throw error;
    }
    const newest = await call(api.GET("/api/v2/experiments", { params: { query: { limit: 1 } }, signal }));
    const id = newest.items[0]?.id;
    if (id === undefined) return null;
    return (await call(api.GET("/api/v2/experiments/{id}", { params: { path: { id } }, signal }))).priceEntry;
  },
});
