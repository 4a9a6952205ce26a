import { Card, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A part of the overview. */
export function Part({ title, says, right, children }: { title: string; says?: ReactNode; right?: ReactNode; children: ReactNode }) {
  return (
    <Card component="section" aria-label={title}>
      <Group justify="space-between" align="flex-start" mb="xs" gap="xs">
        <div style={{ flex: "1 1 240px", minWidth: 0 }}>
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
