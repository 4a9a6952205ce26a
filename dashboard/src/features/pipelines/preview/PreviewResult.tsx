import { Alert, Badge, Card, Group, Loader, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { PreviewReport, PreviewView } from "~/api/schema";
import { Figure } from "~/shared/components/Figure";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, duration, percent } from "~/shared/format/numbers";
import { preview } from "../queries";
import { lessPct } from "./reduction";

export function PreviewResult({ id }: { id: string }) {
  return <QueryView query={useQuery(preview(id))}>{(view) => <Result view={view} />}</QueryView>;
}

function Result({ view }: { view: PreviewView }) {
  return (
    <Card component="article" aria-label={`Preview on ${view.hostId}`}>
      <Group justify="space-between" mb="xs">
        <Title order={3}>
          <PageLink to="/fleet/$hostId" params={{ hostId: view.hostId }}>
            {view.hostId}
          </PageLink>
        </Title>
        <Badge variant="light" color={view.state === "succeeded" ? "teal" : view.state === "deadLettered" ? "red" : "gray"}>
          {STATES[view.state]}
        </Badge>
      </Group>
      {view.report ? (
        <Report report={view.report} />
      ) : view.error ? (
        <Alert
          color="red"
          icon={<IconAlertTriangle />}
          title={view.state === "deadLettered" ? "The host could not preview it" : "The last attempt failed; it is tried again"}
        >
          {view.error}
        </Alert>
      ) : view.state === "cancelled" ? (
        <Text size="sm">The task was cancelled before the host answered.</Text>
      ) : (
        <Group gap="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">The host takes it with its next poll, and needs some seconds.</Text>
        </Group>
      )}
    </Card>
  );
}

const STATES: Record<PreviewView["state"], string> = {
  queued: "Waiting for the host",
  assigned: "The host is at it",
  succeeded: "Done",
  deadLettered: "Failed",
  cancelled: "Cancelled",
};

function Report({ report: r }: { report: PreviewReport }) {
  const rows = [
    ["Live series", count(r.input.seriesActive), count(r.output.seriesActive), lessPct(r.input.seriesActive, r.output.seriesActive)],
    [
      "Distinct series",
      count(r.input.seriesDistinct),
      count(r.output.seriesDistinct),
      lessPct(r.input.seriesDistinct, r.output.seriesDistinct),
    ],
    ["Points", count(r.input.points), count(r.output.points), lessPct(r.input.points, r.output.points)],
    ["Bytes on the wire (gzip)", bytes(r.wireBytesIn), bytes(r.wireBytesOut), lessPct(r.wireBytesIn, r.wireBytesOut)],
  ] as const;
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Figure label="Fewer live series" value={percent(lessPct(r.input.seriesActive, r.output.seriesActive))} />
        <Figure label="Increments lost or made up" value={percent(r.conservation.errorPct, 2)} hint={conservationHint(r)} />
        <Figure
          label="Protected series that left untouched"
          value={`${count(r.protected.retained)} of ${count(r.protected.expected)}`}
          hint={missingHint(r)}
        />
        <Figure label="CPU time" value={duration(r.processingMs / 1000)} />
      </SimpleGrid>
      {r.untrackedPoints > 0 && (
        <Alert color="yellow" icon={<IconAlertTriangle />}>
          {count(r.untrackedPoints)} points were beyond the bound of tracked streams: counts and conservation are not exact.
        </Alert>
      )}
      <Table.ScrollContainer minWidth={420}>
        <Table className="numeric" aria-label="What comes in and what would leave">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Over the sample</Table.Th>
              <Table.Th scope="col" ta="right">
                In
              </Table.Th>
              <Table.Th scope="col" ta="right">
                Out
              </Table.Th>
              <Table.Th scope="col" ta="right">
                Less
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([name, before, after, less]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400}>
                  {name}
                </Table.Th>
                <Table.Td ta="right">{before}</Table.Td>
                <Table.Td ta="right">{after}</Table.Td>
                <Table.Td ta="right">{percent(less)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed">
        {r.sample.source === "live" ? "Recent input" : `Recording ${r.sample.source}`} from <TimeText at={r.sample.from} /> to{" "}
        <TimeText at={r.sample.to} />, {count(r.sample.batches)} batches; live series are those of the last{" "}
        {duration(r.sample.windowSeconds)}.{!r.sample.whole && " A bound ended the preview before the sample did."}
        {r.sample.missedBatches > 0 && ` ${count(r.sample.missedBatches)} batches came faster than they could be kept.`}
      </Text>
      {r.conservation.dropped.length > 0 && (
        <Text size="sm">Points dropped by a rule: {r.conservation.dropped.map((d) => `${count(d.points)} by ${d.rule}`).join(", ")}.</Text>
      )}
      {r.changes.length > 0 && (
        <Table.ScrollContainer minWidth={480}>
          <Table className="numeric" aria-label="Metrics that change most">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Metrics that change most</Table.Th>
                <Table.Th scope="col" ta="right">
                  Series in
                </Table.Th>
                <Table.Th scope="col" ta="right">
                  Series out
                </Table.Th>
                <Table.Th scope="col">Labels that may be folded</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {r.changes.slice(0, MOST_SHOWN).map((c) => (
                <Table.Tr key={c.metric}>
                  <Table.Th scope="row" fw={400}>
                    {c.metric}
                  </Table.Th>
                  <Table.Td ta="right">{count(c.seriesIn)}</Table.Td>
                  <Table.Td ta="right">{count(c.seriesOut)}</Table.Td>
                  <Table.Td>{c.labels.join(", ")}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}

const MOST_SHOWN = 20;

const conservationHint = ({ conservation: c }: PreviewReport): string =>
  `${count(c.increments)} increments of ${count(c.groups)} label groups compared${c.worstMetric ? `; worst is ${c.worstMetric} with ${percent(c.worstErrorPct, 2)}` : ""}.`;

const missingHint = ({ protected: p }: PreviewReport): string | undefined =>
  p.missing.length === 0 ? undefined : `Missing: ${p.missing.join(", ")}`;
