import { Card, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A part of the page with its heading and one sentence on what it says. */
export function Section({ title, says, right, children }: { title: string; says?: ReactNode; right?: ReactNode; children: ReactNode }) {
  return (
    <Card component="section" aria-label={title} className="print-avoid-break">
      <Group justify="space-between" align="flex-start" mb="xs" gap="xs">
        <div style={{ flex: "1 1 260px", minWidth: 0 }}>
          <Title order={2}>{title}</Title>
          {says !== undefined && (
            <Text size="sm" c="dimmed" component="div">
              {says}
            </Text>
          )}
        </div>
        {right}
      </Group>
      <Stack gap="sm">{children}</Stack>
    </Card>
  );
}
