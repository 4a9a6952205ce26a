import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, callVersioned } from "~/api/client";

export const tokens = (userId?: string) =>
  queryOptions({
    queryKey: ["tokens", userId],
    queryFn: ({ signal }) => call(api.GET("/api/v2/auth/tokens", { params: { query: { userId } }, signal })),
  });

export const operatorRates = queryOptions({
  queryKey: ["prices", "operator-rates"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/operator-rates", { signal })),
});

export const contracts = queryOptions({
  queryKey: ["prices", "contracts"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/contracts", { signal })),
});

export const exchangeRates = queryOptions({
  queryKey: ["prices", "exchange-rates"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/exchange-rates", { signal })),
});

export const targets = queryOptions({
  queryKey: ["notification-targets"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/notification-targets", { signal })),
});

export const notificationKinds = queryOptions({
  queryKey: ["notification-kinds"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/notification-kinds", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const deliveries = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["notification-targets", name, "deliveries"],
    queryFn: ({ signal, pageParam }) =>
      call(api.GET("/api/v2/notification-targets/{name}/deliveries", { params: { path: { name }, query: { after: pageParam } }, signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next ? Number(page.next) : undefined),
    // What becomes of a delivery is no event.
    refetchInterval: 5_000,
  });

export const protectedMetrics = queryOptions({
  queryKey: ["protected-metrics"],
  queryFn: ({ signal }) => callVersioned(api.GET("/api/v2/protected-metrics", { signal })),
});
