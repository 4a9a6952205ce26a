import { ScrollArea, Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";

const HEIGHT = 280;

/** The content of a part that may be long: of one height, so that what stands below does not move when it is read or grows. */
export function Panel({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ScrollArea h={HEIGHT} type="auto" offsetScrollbars viewportProps={{ tabIndex: 0, role: "region", "aria-label": label }}>
      <Stack gap="sm">{children}</Stack>
    </ScrollArea>
  );
}

export function PanelSkeleton() {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      <Skeleton h={40} />
      <Skeleton h={40} />
      <Skeleton h={40} />
      <Skeleton h={40} w="60%" />
    </Stack>
  );
}
