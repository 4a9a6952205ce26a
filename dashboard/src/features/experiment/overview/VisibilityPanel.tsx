import { Code, List, Table, Text } from "@mantine/core";
import type { ExperimentView } from "~/api/schema";
import { Section } from "~/shared/components/Section";
import { count, percent } from "~/shared/format/numbers";

/** What is still seen: protected metrics, and that what leaves is what came in. */
export function VisibilityPanel({ x }: { x: ExperimentView }) {
  const { evidence } = x;
  const missing = (x.latestWindow?.retention.missing ?? []).map(String);
  return (
    <Section
      title="Visibility"
      says="That a reduction loses nothing that is needed: counted by an implementation that shares no code with the reducers."
    >
      <Table variant="vertical" aria-label="Visibility">
        <Table.Tbody>
          <Row name="Protected streams expected" value={count(evidence?.protectedExpected)} />
          <Row name="… that left the candidate" value={count(evidence?.protectedRetained)} />
          <Row name="… missing" value={evidence === null ? "–" : count(evidence.protectedExpected - evidence.protectedRetained)} />
          <Row name="Increments compared" value={count(evidence?.incrementsChecked)} />
          <Row name="Off in all" value={percent(evidence?.conservationErrorPct, 3)} />
          <Row
            name="Off in the worst group"
            value={`${percent(evidence?.worstGroupErrorPct, 3)}${evidence === null ? "" : ` of ${count(evidence.conservationGroups)} groups`}`}
          />
        </Table.Tbody>
      </Table>
      {evidence?.worstGroup && (
        <Text size="sm">
          Worst group: <Code>{evidence.worstGroup}</Code>
        </Text>
      )}
      {missing.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            Missing in the newest window
          </Text>
          <List size="sm">
            {missing.map((m) => (
              <List.Item key={m}>
                <Code>{m}</Code>
              </List.Item>
            ))}
          </List>
        </div>
      )}
      <Text size="xs" c="dimmed">
        Protected: {x.protectedMetrics.length === 0 ? "nothing by this experiment" : x.protectedMetrics.map(String).join(", ")}
      </Text>
    </Section>
  );
}

export function Row({ name, value }: { name: string; value: string }) {
  return (
    <Table.Tr>
      <Table.Th w="55%">{name}</Table.Th>
      <Table.Td className="numeric">{value}</Table.Td>
    </Table.Tr>
  );
}
