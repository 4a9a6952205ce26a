import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useEffect } from "react";

/** Reads page after page, so that what is printed is complete, up to a number of pages. */
export function useAllPages<T>(
  query: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>,
  most: number,
): { items: T[]; complete: boolean; more: boolean } {
  const { data, hasNextPage, isFetchingNextPage, isError, isSuccess, fetchNextPage } = query;
  const pages = data?.pages.length ?? 0;
  const goesOn = hasNextPage && !isError && pages < most;
  useEffect(() => {
    if (goesOn && !isFetchingNextPage) void fetchNextPage();
  }, [goesOn, isFetchingNextPage, fetchNextPage]);
  return {
    items: data?.pages.flatMap((p) => p.items) ?? [],
    complete: isSuccess && !goesOn,
    more: hasNextPage && pages >= most,
  };
}
