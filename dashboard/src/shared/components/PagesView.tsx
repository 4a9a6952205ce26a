import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { ProblemAlert } from "./ProblemAlert";
import { QueryView } from "./QueryView";
import { useMore } from "./useMore";

interface Props<T> {
  query: UseInfiniteQueryResult<InfiniteData<{ items: readonly T[] }>>;
  /** Shown until the first page; by default lines of a skeleton. */
  loading?: ReactNode;
  /** Only called once something was read: where nothing could be, nothing is said to be there or not. */
  children: (rows: T[], onEndReached: () => void) => ReactNode;
}

/** A list that is read page by page. Rows that were read stay where the rest of them cannot be, with the reason above them. */
export function PagesView<T>({ query, loading, children }: Props<T>) {
  const more = useMore(query);
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.items), [query.data]);
  if (rows === undefined)
    return (
      <QueryView query={query} loading={loading}>
        {() => null}
      </QueryView>
    );
  return (
    <>
      {query.isError && (
        <ProblemAlert
          error={query.error}
          title={query.isFetchNextPageError ? "The rest could not be read" : "This is not up to date"}
          onRetry={() => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch())}
        />
      )}
      {children(rows, more)}
    </>
  );
}
