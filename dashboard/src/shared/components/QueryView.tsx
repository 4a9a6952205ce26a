import { Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./ProblemAlert";
import { TryingAgain } from "./TryingAgain";

interface Props<T> {
  query: UseQueryResult<T>;
  /** Shown until the first answer; by default lines of a skeleton. */
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What a query answers. What was read before stays on the page while the control plane is away, with the reason above it. */
export function QueryView<T>({ query, loading, children }: Props<T>) {
  if (query.data !== undefined)
    return (
      <>
        {query.isError && <ProblemAlert error={query.error} title="This is not up to date" onRetry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  if (query.isError) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <TryingAgain reason={query.failureReason} />
      {loading ?? (
        <Stack gap="xs" role="status" aria-label="Loading">
          <Skeleton h={20} />
          <Skeleton h={20} />
          <Skeleton h={20} w="60%" />
        </Stack>
      )}
    </>
  );
}
