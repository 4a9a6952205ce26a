import { Box, Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";

/** What is little needs no more than what stands there while it is read, so that what is below moves little, and what is long is scrolled. */
const LEAST = 150;
const MOST = 280;

/** The content of a part that may be long. */
export function Panel({ label, children }: { label: string; children: ReactNode }) {
  return (
    // The browser's own scrolling: a scroll area of the library measures itself, and lays the page out for that.
    <Box mih={LEAST} mah={MOST} style={{ overflowY: "auto" }} tabIndex={0} role="region" aria-label={label}>
      <Stack gap="sm">{children}</Stack>
    </Box>
  );
}

export function PanelSkeleton() {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      <Skeleton h={40} />
      <Skeleton h={40} />
      <Skeleton h={40} w="60%" />
    </Stack>
  );
}
