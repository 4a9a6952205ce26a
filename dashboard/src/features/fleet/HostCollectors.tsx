import { Alert, Badge, Card, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheckFilled } from "@tabler/icons-react";
import type { AgentView } from "~/api/schema";
import { EmptyState } from "~/shared/components/EmptyState";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, decimal, duration, percent, UNKNOWN } from "~/shared/format/numbers";
import { cpuPct, flowFigures } from "./hostFigures";

type Collector = AgentView["collectors"][number];

/** Every collector of a host as the last heartbeat told it. */
export function HostCollectors({ host, at }: { host: AgentView; at?: string }) {
  if (at !== undefined) return <EmptyState title="This is known of now alone">Only heartbeats tell it, which are not kept.</EmptyState>;
  if (host.collectors.length === 0)
    return (
      <EmptyState title="No collector runs here">
        {host.heartbeatAt === null ? "The host has sent no heartbeat yet." : "The host's last heartbeat names none."}
      </EmptyState>
    );
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        As the host reported <TimeText at={host.heartbeatAt} from="now" />.
      </Text>
      {host.collectors.map((collector) => (
        <CollectorCard key={collector.name} collector={collector} />
      ))}
    </Stack>
  );
}

function CollectorCard({ collector }: { collector: Collector }) {
  const held = (collector.limits?.held ?? []) as string[];
  const notHeld = (collector.limits?.notHeld ?? []) as string[];
  const tail = collector.logTail as string[];
  return (
    <Card>
      <Stack gap="xs">
        <Group gap="sm">
          <Title order={2} fz="md">
            {collector.name}
          </Title>
          <Badge
            variant="default"
            tt="none"
            leftSection={
              collector.healthy ? (
                <IconCircleCheckFilled size={14} color="var(--mantine-color-teal-6)" aria-hidden />
              ) : (
                <IconAlertTriangle size={14} color="var(--mantine-color-orange-6)" aria-hidden />
              )
            }
          >
            {collector.healthy ? "Healthy" : "Unhealthy"}
          </Badge>
          <Text size="sm" c="dimmed">
            {collector.arm}
          </Text>
        </Group>
        {!collector.healthy && <Text size="sm">{collector.reason}</Text>}
        {collector.breach && (
          <Alert color="orange" icon={<IconAlertTriangle />} title="What leaves does not add up to what comes in">
            Over all label groups {percent(collector.breach.errorPct, 3)}; most at {collector.breach.group}:{" "}
            {percent(collector.breach.groupErrorPct, 3)}.
          </Alert>
        )}
        <Figures collector={collector} />
        <Text size="sm" c="dimmed">
          Configuration <Code title={collector.configurationHash}>{collector.configurationHash.slice(0, 16)}…</Code>
          {held.length > 0 && `, limits held: ${held.join(", ")}`}
        </Text>
        {notHeld.length > 0 && <Text size="sm">Limits that are asked for and not held: {notHeld.join("; ")}</Text>}
        {tail.length > 0 && (
          <Code block tabIndex={0} aria-label={`Last log lines of ${collector.name}`} mah={260} style={{ overflow: "auto" }}>
            {tail.join("\n")}
          </Code>
        )}
      </Stack>
    </Card>
  );
}

function Figures({ collector }: { collector: Collector }) {
  const flow = collector.flow ?? null;
  const f = flow && flowFigures(flow);
  const cells: [string, string][] = [
    ["Series in", count(f?.seriesIn)],
    ["Series out", count(f?.seriesOut)],
    ["Points a minute in", count(f?.samplesPerMinuteIn)],
    ["Points a minute out", count(f?.samplesPerMinuteOut)],
    ["Failed exports", count(f?.exportErrors)],
    ["Points lost", count(f?.droppedPoints)],
    ["CPU, of one core", percent(flow && cpuPct(flow))],
    ["CPU time", collector.cpuSeconds == null ? UNKNOWN : `${decimal(collector.cpuSeconds)} s`],
    ["Memory", bytes(collector.residentBytes)],
    ["Restarts", count(collector.restarts)],
  ];
  return (
    <Table.ScrollContainer minWidth={900} type="native">
      <Table className="numeric" aria-label={`Figures of ${collector.name}`}>
        <Table.Thead>
          <Table.Tr>
            {cells.map(([name]) => (
              <Table.Th key={name} scope="col" ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr>
            {cells.map(([name, value]) => (
              <Table.Td key={name} ta="right">
                {value}
              </Table.Td>
            ))}
          </Table.Tr>
        </Table.Tbody>
        {flow && <Table.Caption>In its last window of {duration(flow.seconds)}.</Table.Caption>}
      </Table>
    </Table.ScrollContainer>
  );
}
