import { Alert, Group, Progress, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Figure } from "~/shared/components/Figure";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, percent, UNKNOWN } from "~/shared/format/numbers";
import { PreviewMoney } from "./PreviewMoney";
import { type PreviewSummary, reductionPct } from "./summarise";

interface Props {
  summary: PreviewSummary;
  /** Id of the price entry by which money is told; undefined where none is chosen. */
  price: string | undefined;
  /** Hosts have not answered yet: money is told of all together. */
  isWaiting?: boolean;
}

/** What a pipeline would make of recent real input: how much less, in money too, what of it is touched, and whether anything is lost. */
export function PreviewSummaryView({ summary, price, isWaiting = false }: Props) {
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          label="Fewer live series"
          value={percent(summary.seriesReductionPct)}
          hint={`${count(summary.seriesIn)} → ${count(summary.seriesOut)}`}
        />
        <Figure
          label="Fewer points"
          value={percent(summary.pointsReductionPct)}
          hint={`${count(summary.pointsIn)} → ${count(summary.pointsOut)}`}
        />
        <Figure
          label="Fewer bytes sent (gzip)"
          value={percent(summary.bytesReductionPct)}
          hint={`${bytes(summary.wireBytesIn)} → ${bytes(summary.wireBytesOut)}`}
        />
        <Figure
          label="Conservation error"
          value={percent(summary.conservationErrorPct, 3)}
          hint={
            summary.increments === 0
              ? "no increments to compare"
              : `${count(summary.increments)} increments compared${summary.worstMetric === null ? "" : `, worst ${summary.worstMetric}`}`
          }
        />
      </SimpleGrid>
      {!isWaiting && <PreviewMoney previews={summary.ids} price={price} />}
      <Text size="sm" c="dimmed">
        Input of {count(summary.hosts)} {summary.hosts === 1 ? "host" : "hosts"} from <TimeText at={summary.from} /> to{" "}
        <TimeText at={summary.to} />. Series are those active in the sample's last whole window.
      </Text>
      {(summary.untrackedPoints > 0 || summary.missedBatches > 0 || !summary.whole) && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="The figures are not exact">
          {summary.untrackedPoints > 0 && `${count(summary.untrackedPoints)} points were beyond the bound of tracked streams. `}
          {summary.missedBatches > 0 && `${count(summary.missedBatches)} batches came faster than they could be kept. `}
          {!summary.whole && "A bound ended the preview before the sample did."}
        </Alert>
      )}
      {summary.protectedExpected > 0 && summary.protectedRetained === summary.protectedExpected && (
        <Text size="sm">All {count(summary.protectedExpected)} protected streams leave untouched.</Text>
      )}
      {summary.protectedRetained < summary.protectedExpected && (
        <Alert color="red" icon={<IconAlertTriangle />} title="Protected metrics would be touched">
          {count(summary.protectedExpected - summary.protectedRetained)} of {count(summary.protectedExpected)} protected streams would not
          leave as they came: {summary.protectedMissing.join(", ") || UNKNOWN}. A guardrail ends the candidate for that.
        </Alert>
      )}
      {summary.dropped.length > 0 && (
        <Text size="sm">
          Dropped by rules: {summary.dropped.map((d) => `${d.rule} ${count(d.points)} points`).join(", ")}. What a rule drops by name is not
          a conservation error.
        </Text>
      )}
      <ChangedMetrics summary={summary} />
    </Stack>
  );
}

function ChangedMetrics({ summary }: { summary: PreviewSummary }) {
  if (summary.metrics.length === 0)
    return <Text size="sm">No metric changes the number of its series: on this input the pipeline reduces nothing.</Text>;
  return (
    <Table.ScrollContainer
      minWidth={560}
      maxHeight={360}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": "Metrics that would be touched" } }}
    >
      <Table stickyHeader className="numeric" aria-label="Metrics that would be touched">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Metric that would be touched</Table.Th>
            <Table.Th ta="right">Series in</Table.Th>
            <Table.Th ta="right">Series out</Table.Th>
            <Table.Th w={150}>Less</Table.Th>
            <Table.Th>Labels folded or selected on</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {summary.metrics.map((m) => {
            const less = reductionPct(m.seriesIn, m.seriesOut);
            return (
              <Table.Tr key={m.metric}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{m.metric}</Table.Td>
                <Table.Td ta="right">{count(m.seriesIn)}</Table.Td>
                <Table.Td ta="right">{count(m.seriesOut)}</Table.Td>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    <Progress value={Math.max(0, less ?? 0)} w={60} aria-label={`${m.metric}: ${percent(less)} fewer series`} />
                    <Text size="xs">{percent(less)}</Text>
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Text size="xs">{m.labels.join(", ") || UNKNOWN}</Text>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
