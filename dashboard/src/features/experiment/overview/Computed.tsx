import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "~/api/client";
import { QueryView } from "~/shared/components/QueryView";

/** A figure that may not be there yet: a 409 says what is missing, which is no failure. */
export function Computed<T>({
  query,
  besides,
  children,
}: {
  query: UseQueryResult<T>;
  besides?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data === undefined && query.error instanceof ApiError && query.error.status === 409)
    return (
      <Text size="sm" c="dimmed" component="div">
        {query.error.detail} {besides}
      </Text>
    );
  return <QueryView query={query}>{children}</QueryView>;
}
