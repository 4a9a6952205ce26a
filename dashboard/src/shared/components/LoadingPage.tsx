import { Skeleton, Stack } from "@mantine/core";

/** In place of a page that is on its way. */
export function LoadingPage() {
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton h={32} w={260} />
      <Skeleton h={120} />
      <Skeleton h={260} />
    </Stack>
  );
}
