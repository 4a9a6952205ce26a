import { Badge, Card, Code, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { AgentView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, percent, UNKNOWN } from "~/shared/format/numbers";
import { flowFigures, productionCollector } from "./hostFigures";
import { toLines } from "./labels";
import { labelsOf, pipelineNames } from "./queries";

/** What a host is, what should run there, and what it takes. */
export function HostOverview({ host, at }: { host: AgentView; at?: string }) {
  const labels = toLines(labelsOf(host));
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Facts title="Host">
        <Fact name="Enrolled">
          <TimeText at={host.enrolledAt} />
        </Fact>
        {at === undefined && (
          <Fact name="Last heard">
            <TimeText at={host.lastSeenAt} from="now" />
          </Fact>
        )}
        {host.lostSince !== null && (
          <Fact name="Lost; heard last">
            <TimeText at={host.lostSince} />
          </Fact>
        )}
        {host.drainedAt !== null && (
          <Fact name="Drained">
            <TimeText at={host.drainedAt} />
          </Fact>
        )}
        {host.decommissionedAt !== null && (
          <Fact name="Decommissioned">
            <TimeText at={host.decommissionedAt} />
          </Fact>
        )}
        <Fact name="How its agent proves itself">{host.verification}</Fact>
        <Fact name="Labels">
          {labels.length === 0 ? (
            <Text size="sm" c="dimmed">
              None
            </Text>
          ) : (
            <Group gap={4}>
              {labels.map((label) => (
                <Badge key={label} variant="default" tt="none" fw={500}>
                  {label}
                </Badge>
              ))}
            </Group>
          )}
        </Fact>
      </Facts>
      <Production host={host} at={at} />
      <Facts title="The agent itself">
        <Fact name="Version">{host.agentVersion}</Fact>
        {at === undefined ? (
          <>
            <Fact name="CPU, of one core">{percent(host.cpuPercent)}</Fact>
            <Fact name="Memory">{bytes(host.residentBytes)}</Fact>
            <Fact name="Reported">
              <TimeText at={host.heartbeatAt} from="now" />
            </Fact>
          </>
        ) : (
          <Fact name="CPU and memory">
            <OfNowAlone />
          </Fact>
        )}
        {host.dropped !== null && (
          <Fact name="Given up because buffers were full">
            {count(host.dropped.windows)} window reports, {count(host.dropped.results)} results of tasks
          </Fact>
        )}
      </Facts>
      <Flow host={host} at={at} />
    </SimpleGrid>
  );
}

function Production({ host, at }: { host: AgentView; at?: string }) {
  const names = useQuery(pipelineNames).data ?? {};
  const { production } = host;
  return (
    <Facts title="Production pipeline">
      {production === null ? (
        <Fact name="Pipeline">
          <Text size="sm" c="dimmed">
            No task has put one here. A deployment or a promoted experiment does.
          </Text>
        </Fact>
      ) : (
        <>
          <Fact name="Pipeline">
            <PageLink fz="sm" to="/pipelines/$id" params={{ id: production.pipelineId }} search={{ at }}>
              {names[production.pipelineId] ?? "Pipeline"} v{production.pipelineVersion}
            </PageLink>
          </Fact>
          <Fact name="Since">
            <TimeText at={host.productionSince} />
          </Fact>
          {production.expiresAt && (
            <Fact name="For a while, until">
              <TimeText at={production.expiresAt} />
            </Fact>
          )}
          <Fact name="Configuration">
            <Code title={production.configurationHash}>{production.configurationHash.slice(0, 16)}…</Code>
          </Fact>
          <Fact name="What runs">
            {at !== undefined ? (
              <OfNowAlone />
            ) : host.drift !== null ? (
              "Something else, see above"
            ) : host.heartbeatAt === null ? (
              UNKNOWN
            ) : (
              "As it should"
            )}
          </Fact>
        </>
      )}
    </Facts>
  );
}

/** Of the production collector, in its last window. */
function Flow({ host, at }: { host: AgentView; at?: string }) {
  const flow = productionCollector(host)?.flow;
  if (!flow)
    return (
      <Facts title="Flow of production">
        <Fact name="Series">
          {at === undefined ? (
            <Text size="sm" c="dimmed">
              Not measured: no production collector has told of a window yet.
            </Text>
          ) : (
            <OfNowAlone />
          )}
        </Fact>
      </Facts>
    );
  const f = flowFigures(flow);
  return (
    <Facts title="Flow of production">
      <Fact name="Series in">{count(f.seriesIn)}</Fact>
      <Fact name="Series out">{count(f.seriesOut)}</Fact>
      <Fact name="Fewer series">{percent(f.reductionPct)}</Fact>
      <Fact name="Points a minute in">{count(f.samplesPerMinuteIn)}</Fact>
      <Fact name="Points a minute out">{count(f.samplesPerMinuteOut)}</Fact>
      <Fact name="Failed exports">{count(f.exportErrors)}</Fact>
      <Fact name="Points lost">{count(f.droppedPoints)}</Fact>
    </Facts>
  );
}

function OfNowAlone() {
  return (
    <Text size="sm" c="dimmed">
      Known of now alone: heartbeats are not kept.
    </Text>
  );
}

function Facts({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card>
      <Stack gap="xs">
        <Title order={2}>{title}</Title>
        <Table layout="fixed" className="numeric" withRowBorders={false}>
          <Table.Tbody>{children}</Table.Tbody>
        </Table>
      </Stack>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" w="42%" fw={500} fz="sm" c="dimmed" style={{ verticalAlign: "top" }}>
        {name}
      </Table.Th>
      <Table.Td fz="sm" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Table.Td>
    </Table.Tr>
  );
}
