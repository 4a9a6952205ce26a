import { Alert, Code, Grid, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconClock, IconPlayerPause } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { DeploymentView } from "~/api/schema";
import { Figure } from "~/shared/components/Figure";
import { LoadingPage } from "~/shared/components/LoadingPage";
import { PageLink } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { TimeText } from "~/shared/components/TimeText";
import { count, percent } from "~/shared/format/numbers";
import { useActorName } from "~/shared/people/people";
import { DeploymentActions } from "./DeploymentActions";
import { DeploymentHistory } from "./DeploymentHistory";
import { DeploymentHosts } from "./DeploymentHosts";
import { GateCard } from "./GateCard";
import { PlanCard } from "./PlanCard";
import { deployment } from "./queries";
import { StateBadge } from "./StateBadge";
import { STATES } from "./states";
import { WavesCard } from "./WavesCard";

const route = getRouteApi("/_app/deployments/$id");

export function DeploymentPage() {
  const { id } = route.useParams();
  const found = useInfiniteQuery(deployment(id, undefined));
  const view = found.data?.pages[0]?.deployment;
  if (view === undefined)
    return found.isError ? <ProblemAlert error={found.error} onRetry={() => void found.refetch()} /> : <LoadingPage />;
  return (
    <>
      <Header deployment={view} />
      {found.isError && <ProblemAlert error={found.error} title="This is not up to date" onRetry={() => void found.refetch()} />}
      <Stack>
        <Held deployment={view} />
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
          <Figure label="Hosts" value={count(view.counts.hosts)} />
          <Figure label="Deployed" value={count(view.counts.deployed)} />
          <Figure label="Waiting" value={count(view.counts.waiting)} />
          <Figure label="Failed" value={count(view.counts.failed)} />
          <Figure label="Not reached" value={count(view.counts.notReached)} />
          <Figure label="Restored" value={count(view.counts.restored)} />
        </SimpleGrid>
        <Grid>
          <Grid.Col span={{ base: 12, lg: 6 }}>
            <WavesCard deployment={view} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 6 }}>
            <PlanCard deployment={view} />
          </Grid.Col>
        </Grid>
        <GateCard deployment={view} />
        <DeploymentHosts id={view.id} total={view.counts.hosts} />
        <DeploymentHistory id={view.id} />
      </Stack>
    </>
  );
}

function Header({ deployment: d }: { deployment: DeploymentView }) {
  const nameOf = useActorName();
  return (
    <PageHeader
      title={`${d.pipeline.name} v${d.pipeline.version}`}
      badge={<StateBadge of={STATES[d.state]} />}
      description={
        <>
          Requested by {nameOf(d.requestedBy)}, <TimeText at={d.requestedAt} />. Pipeline{" "}
          <PageLink to="/pipelines/$id" underline="always" params={{ id: d.pipeline.pipelineId }} search={{ version: d.pipeline.version }}>
            {d.pipeline.name}
          </PageLink>
          , configuration <Code>{d.pipeline.configurationHash.slice(0, 12)}</Code>.
          {d.experimentId && (
            <>
              {" "}
              It promotes{" "}
              <PageLink underline="always" to="/experiments/$id" params={{ id: d.experimentId }}>
                an experiment
              </PageLink>
              {d.predictedReductionPct !== null && <> that measured {percent(d.predictedReductionPct)} less live series</>}.
            </>
          )}
          {d.ticket && <> Ticket: {/^https?:\/\//.test(d.ticket) ? <a href={d.ticket}>{d.ticket}</a> : d.ticket}.</>}
        </>
      }
      actions={<DeploymentActions deployment={d} />}
    />
  );
}

/** Why it does not go on, or when it ends. */
function Held({ deployment: d }: { deployment: DeploymentView }) {
  if (d.state === "held")
    return (
      <Alert color="orange" icon={<IconPlayerPause />} title={d.heldBy ? CAUSES[d.heldBy] : "It is held"}>
        {d.detail || "No reason was given."}
        {d.heldUntil && (
          <Text size="sm">
            It goes on by itself <TimeText at={d.heldUntil} from="now" />.
          </Text>
        )}
      </Alert>
    );
  if (d.state === "awaitingApproval")
    return (
      <Alert color="yellow" icon={<IconClock />} title="It awaits approval">
        The change policy asks for a second person. Who asked for it cannot approve it.
      </Alert>
    );
  if (d.until && d.state !== "rolledBack")
    return (
      <Alert color="blue" icon={<IconClock />} title="It is for a while">
        Every host returns to what it ran before <TimeText at={d.until} from="now" />.
      </Alert>
    );
  return d.detail ? <Alert color="gray">{d.detail}</Alert> : null;
}

const CAUSES: Record<NonNullable<DeploymentView["heldBy"]>, string> = {
  operator: "Somebody paused it",
  failures: "Too many hosts failed",
  gate: "The gate was not met",
  nothingProved: "Nothing was proved",
  frozen: "A change freeze holds it",
  timeOver: "Its time is over",
};
