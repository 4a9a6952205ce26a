import { Badge, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { GuardrailView } from "~/api/schema";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { spaced } from "~/shared/events/sentences";
import { bytes, decimal } from "~/shared/format/numbers";
import { guardrails } from "../queries";

/** Limits that end a candidate by themselves, and how far it is from them. */
export function GuardrailsPanel({ id }: { id: string }) {
  const { at } = useAsOf();
  const query = useQuery(guardrails(id, at));
  return (
    <Section title="Guardrails" says="Limits that end the candidate by themselves, held against every window, warm-up included.">
      <QueryView query={query}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed">
              No window was recorded yet.
            </Text>
          ) : (
            <Table.ScrollContainer minWidth={640}>
              <Table aria-label="Guardrails">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Guardrail</Table.Th>
                    <Table.Th>Newest window</Table.Th>
                    <Table.Th w={180}>Of the limit used</Table.Th>
                    <Table.Th>Worst so far</Table.Th>
                    <Table.Th>State</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((g) => (
                    <Guardrail key={g.guardrail} g={g} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </QueryView>
    </Section>
  );
}

const figure = (value: number, unit: string): string =>
  unit === "bytes" ? bytes(value) : `${decimal(value, value % 1 === 0 ? 0 : 3)} ${unit}`;

function Guardrail({ g }: { g: GuardrailView }) {
  const name = spaced(g.guardrail);
  const breaks = g.windowsInARow > 0;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" tt="capitalize">
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {g.detail}
        </Text>
      </Table.Td>
      <Table.Td className="numeric">
        {figure(g.value, g.unit)}
        <Text size="xs" c="dimmed">
          {g.isFloor ? "at least" : "at most"} {figure(g.limit, g.unit)}
        </Text>
      </Table.Td>
      <Table.Td>
        {g.usedPct === null ? (
          <Text size="xs" c="dimmed">
            {g.isFloor ? "all has to stay" : "nothing is allowed"}
          </Text>
        ) : (
          <Stack gap={2}>
            <Progress
              value={Math.min(100, g.usedPct)}
              color={g.usedPct > 100 ? "red" : g.usedPct > 80 ? "yellow" : "teal"}
              aria-label={`Of the limit of ${name} used`}
            />
            <Text size="xs" className="numeric">
              {decimal(g.usedPct, 1)} %
            </Text>
          </Stack>
        )}
      </Table.Td>
      <Table.Td className="numeric">
        {figure(g.worstValue, g.unit)}
        <Text size="xs" c="dimmed">
          window {g.worstWindow}
        </Text>
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          <Badge
            variant="default"
            tt="none"
            leftSection={g.breached || breaks ? <IconCircleX size={14} /> : <IconCircleCheck size={14} />}
            style={{ borderColor: `var(--mantine-color-${g.breached || breaks ? "red" : "teal"}-outline)` }}
          >
            {g.breached ? "Ended the candidate" : breaks ? `Broken, ${g.windowsInARow} of ${g.needsInARow} in a row` : "Holds"}
          </Badge>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
