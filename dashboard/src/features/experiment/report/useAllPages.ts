import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useEffect } from "react";

export interface AllPages<T> {
  items: T[];
  /** Everything that was wanted is read. */
  complete: boolean;
  /** There is more than was wanted. */
  more: boolean;
  /** Why it is not complete; null while it is read. */
  error: unknown;
  retry: () => void;
}

/** Reads page after page, so that what is printed is complete, up to a number of pages. */
export function useAllPages<T>(query: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>, most: number): AllPages<T> {
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, isError, error, fetchNextPage, refetch } = query;
  const pages = data?.pages.length ?? 0;
  useEffect(() => {
    // The number of pages is a reason of its own: a page that comes at once is never seen to be fetched.
    if (hasNextPage && pages < most && !isError && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, pages, most, isError, isFetchingNextPage, fetchNextPage]);
  return {
    items: data?.pages.flatMap((p) => p.items) ?? [],
    complete: data !== undefined && !(hasNextPage && pages < most),
    more: hasNextPage && pages >= most,
    error: isError ? error : null,
    retry: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  };
}
