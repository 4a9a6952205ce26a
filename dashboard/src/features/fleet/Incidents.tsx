import { Badge, Button, Card, Group, Progress, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconFirstAidKit } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { DeploymentView } from "~/api/schema";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { TimeText } from "~/shared/components/TimeText";
import { count, counted, duration } from "~/shared/format/numbers";
import { useNow } from "~/shared/format/useNow";
import { useMay } from "~/shared/session/session";
import { incidents } from "./queries";
import { timeLeft } from "./timeLeft";

/** Full detail that is given for a while: how long it still lasts, and its end before that. */
export function Incidents({ onDeclare }: { onDeclare: () => void }) {
  const query = useQuery(incidents);
  const mayChange = useMay("operator");
  return (
    <QueryView query={query}>
      {(running) =>
        running.length === 0 ? (
          <EmptyState
            icon={<IconFirstAidKit />}
            title="No incident is running"
            action={mayChange && <Button onClick={onDeclare}>Declare an incident</Button>}
          >
            An incident brings full detail back on chosen hosts for some minutes: they run their pipelines without reducers and return by
            themselves.
          </EmptyState>
        ) : (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {running.map((deployment) => (
              <Incident key={deployment.id} deployment={deployment} mayChange={mayChange} />
            ))}
          </SimpleGrid>
        )
      }
    </QueryView>
  );
}

const STATE: Record<string, string> = {
  running: "Begins",
  soaking: "Full detail",
  held: "Held",
  rollingBack: "Hosts return",
};

function Incident({ deployment, mayChange }: { deployment: DeploymentView; mayChange: boolean }) {
  const [ending, setEnding] = useState(false);
  const now = useNow();
  const left = timeLeft(deployment.requestedAt, deployment.until, now);
  const { counts } = deployment;
  return (
    <Card>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} fz="md" style={{ overflowWrap: "anywhere" }}>
            <PageLink to="/pipelines/$id" params={{ id: deployment.pipeline.pipelineId }}>
              {deployment.pipeline.name}
            </PageLink>
          </Title>
          <Badge variant="default" tt="none" style={{ flexShrink: 0 }}>
            {STATE[deployment.state] ?? deployment.state}
          </Badge>
        </Group>
        <Text size="sm">
          Full detail on {count(counts.deployed)} of {counted(counts.hosts, "host")}
          {counts.failed > 0 && `, ${count(counts.failed)} failed`}
          {counts.restored > 0 && `, ${count(counts.restored)} have returned`}.
        </Text>
        {left !== null && (
          <div>
            <Group justify="space-between">
              <Text size="sm" fw={600}>
                {left.seconds > 0 ? `${duration(left.seconds)} left` : "Its time is over; hosts return"}
              </Text>
              <Text size="sm" c="dimmed">
                until <TimeText at={deployment.until} />
              </Text>
            </Group>
            <Progress value={left.pct} aria-label={`Time left of the incident on ${deployment.pipeline.name}`} />
          </div>
        )}
        <Group justify="space-between">
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            Declared <TimeText at={deployment.requestedAt} from="now" />
            {deployment.ticket && ` · ${deployment.ticket}`}
          </Text>
          {mayChange && deployment.state !== "rollingBack" && (
            <Button size="compact-sm" variant="default" onClick={() => setEnding(true)}>
              End now
            </Button>
          )}
        </Group>
      </Stack>
      <ReasonModal
        opened={ending}
        onClose={() => setEnding(false)}
        title="End the incident now"
        confirm="End it"
        done="The hosts return to what they ran before."
        action={(reason) =>
          call(api.POST("/api/v2/deployments/{id}/rollback", { params: { path: { id: deployment.id } }, body: { reason } }))
        }
      >
        With the next poll {counted(counts.hosts, "host")} will return to what ran before.
      </ReasonModal>
    </Card>
  );
}
