import { infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { counts } from "~/shared/experiments/queries";
import { type ListSearch, listQuery } from "./listSearch";

const AT_ONCE = 200;

export const experiments = (search: ListSearch) => {
  const query = listQuery(search);
  return infiniteQueryOptions({
    queryKey: ["experiments", "list", query],
    queryFn: ({ signal, pageParam }) =>
      call(api.GET("/api/v2/experiments", { params: { query: { ...query, after: pageParam, limit: AT_ONCE } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
};

/** Asks for what the page shows while its code still comes. How that went stands in the reads, which the page looks at. */
export function askAhead(queries: QueryClient, search: ListSearch): void {
  void queries.prefetchInfiniteQuery(experiments(search));
  void queries.prefetchQuery(counts);
}
