import { Alert, Badge, Group, Stepper, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { DeploymentDetailView, DeploymentView } from "~/api/schema";
import { Actor } from "~/shared/components/Actor";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { TimeText } from "~/shared/components/TimeText";
import { spaced } from "~/shared/events/sentences";
import { count, duration } from "~/shared/format/numbers";
import { promotion } from "../queries";

/** How the candidate comes to its hosts as production: wave by wave, each judged. */
export function PromotionPanel({ id }: { id: string }) {
  const query = useQuery({ ...promotion(id), refetchInterval: 10_000 });
  if (query.data === null) return null;
  return (
    <Section
      title="Promotion"
      right={
        query.data !== undefined && (
          <PageLink to="/deployments/$id" params={{ id: query.data.deployment.id }}>
            The deployment
          </PageLink>
        )
      }
    >
      <QueryView query={query}>{(view) => (view === null ? null : <Waves view={view} />)}</QueryView>
    </Section>
  );
}

const OVER: DeploymentView["state"][] = ["completed", "rolledBack", "aborted", "rejected"];

function Waves({ view: { deployment: d } }: { view: DeploymentDetailView }) {
  const done = d.state === "completed" ? d.waves.length : Math.max(0, d.wave - 1);
  return (
    <>
      <Group gap="xs">
        <Badge variant="default" tt="none">
          {spaced(d.state)}
        </Badge>
        <Text size="sm">
          Asked for <TimeText at={d.requestedAt} /> by <Actor actor={d.requestedBy} />
          {d.ticket ? `, ticket ${d.ticket}` : ""}. {count(d.counts.deployed)} of {count(d.counts.hosts)} hosts run it
          {d.counts.failed > 0 ? `, ${count(d.counts.failed)} failed` : ""}
          {d.counts.notReached > 0 ? `, ${count(d.counts.notReached)} were not reached` : ""}
          {d.counts.restored > 0 ? `, ${count(d.counts.restored)} returned` : ""}.
        </Text>
      </Group>
      {d.detail && (
        <Alert color="yellow" p="xs">
          {d.detail}
        </Alert>
      )}
      <Stepper active={done} size="sm" orientation="horizontal" iconSize={28} aria-label="Waves">
        {d.waves.map((hosts, i) => (
          <Stepper.Step
            key={hosts}
            label={`Wave ${i + 1}`}
            description={`to ${count(hosts)} ${hosts === 1 ? "host" : "hosts"}`}
            loading={!OVER.includes(d.state) && d.state !== "held" && i + 1 === d.wave}
          />
        ))}
      </Stepper>
      <Text size="xs" c="dimmed">
        Each wave is watched for {duration(d.plan.soakSeconds)} before it is judged.
      </Text>
      {d.judged !== null && (
        <Table.ScrollContainer minWidth={480}>
          <Table aria-label={`Gate after wave ${d.judged.wave}`}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>After wave {d.judged.wave}</Table.Th>
                <Table.Th>Outcome</Table.Th>
                <Table.Th>Measured</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {d.judged.checks.map((c) => (
                <Table.Tr key={c.kind}>
                  <Table.Td tt="capitalize">{spaced(c.kind)}</Table.Td>
                  <Table.Td>{spaced(c.outcome)}</Table.Td>
                  <Table.Td>{c.detail}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  );
}
