import { Card, Group, Text, ThemeIcon } from "@mantine/core";
import type { ReactNode } from "react";

/** One number with what it is of, and what it rests on. */
export function Figure({
  label,
  value,
  hint,
  icon,
  color,
}: {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
  icon?: ReactNode;
  color?: string;
}) {
  return (
    <Card padding="sm" h="100%" className="print-avoid-break">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text size="sm" c="dimmed">
            {label}
          </Text>
          <Text fz={24} fw={650} lh={1.3} className="numeric">
            {value}
          </Text>
        </div>
        {icon !== undefined && (
          <ThemeIcon variant="light" color={color} size="lg" aria-hidden>
            {icon}
          </ThemeIcon>
        )}
      </Group>
      {hint !== undefined && (
        <Text size="xs" c="dimmed" component="div">
          {hint}
        </Text>
      )}
    </Card>
  );
}
