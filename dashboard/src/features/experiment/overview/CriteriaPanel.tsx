import { Badge, Group, List, Table, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconHelpCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ExperimentView } from "~/api/schema";
import { Section } from "~/shared/components/Section";
import { criteria, type Judged } from "../criteria";

const JUDGED: Record<Judged, { label: string; color: string; icon: ReactNode }> = {
  met: { label: "Met", color: "teal", icon: <IconCircleCheck size={14} /> },
  notMet: { label: "Not met", color: "red", icon: <IconCircleX size={14} /> },
  undecided: { label: "Undecided", color: "yellow", icon: <IconHelpCircle size={14} /> },
};

export function JudgedBadge({ judged }: { judged: Judged }) {
  const { label, color, icon } = JUDGED[judged];
  return (
    <Badge
      miw="max-content"
      variant="default"
      leftSection={icon}
      style={{ borderColor: `var(--mantine-color-${color}-outline)` }}
      tt="none"
      fw={600}
    >
      {label}
    </Badge>
  );
}

/** What a promotion asks. */
export function CriteriaPanel({ x }: { x: ExperimentView }) {
  return (
    <Section title="Success criteria" says="Every one has to be met for the verdict to be promote; one that is refuted rejects.">
      <Table.ScrollContainer minWidth={420}>
        <Table aria-label="Success criteria">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Asked</Table.Th>
              <Table.Th>Measured</Table.Th>
              <Table.Th>Judged</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {criteria(x).map((c) => (
              <Table.Tr key={c.name}>
                <Table.Td>
                  {c.name}
                  <Text size="xs" c="dimmed">
                    {c.asked}
                  </Text>
                </Table.Td>
                <Table.Td className="numeric">{c.measured}</Table.Td>
                <Table.Td>
                  <JudgedBadge judged={c.judged} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {x.verdict !== null && (
        <div>
          <Group gap={6}>
            <Text size="sm" fw={600}>
              The verdict's reasons, for {x.verdict.scope}
            </Text>
          </Group>
          <List size="sm">
            {x.verdict.reasons.map((r) => (
              <List.Item key={String(r)}>{String(r)}</List.Item>
            ))}
          </List>
        </div>
      )}
    </Section>
  );
}
