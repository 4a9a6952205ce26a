import { Alert, Badge, Group, Progress, Stack, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconArchive, IconArrowRight } from "@tabler/icons-react";
import type { ExperimentView, PipelineReference } from "~/api/schema";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { PageLink } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { TimeText } from "~/shared/components/TimeText";
import { spaced } from "~/shared/events/sentences";
import { progress } from "~/shared/experiments/progress";
import { OutcomeBadge, StateBadge } from "~/shared/experiments/StateBadge";
import { count, duration } from "~/shared/format/numbers";
import { ActionsMenu } from "./actions/ActionsMenu";
import { ExportMenu } from "./ExportMenu";

export function ExperimentHeader({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const done = progress(x.windows, x.plan);
  return (
    <>
      <PageHeader
        title={x.name}
        badge={
          <Group gap={6}>
            <StateBadge state={x.state} />
            {x.verdict?.outcome != null && (
              <Group gap={4}>
                <Text size="sm" c="dimmed">
                  Verdict
                </Text>
                <OutcomeBadge outcome={x.verdict.outcome} />
              </Group>
            )}
            {x.archived && (
              <Badge variant="default" tt="none" leftSection={<IconArchive size={12} />}>
                Archived
              </Badge>
            )}
            {x.baselineKept && (
              <Badge variant="default" tt="none">
                Decided for the baseline
              </Badge>
            )}
          </Group>
        }
        description={
          <Stack gap={4}>
            {x.hypothesis && <Text size="sm">{x.hypothesis}</Text>}
            <Group gap={6} wrap="wrap">
              <Pipeline of={x.baseline} />
              <IconArrowRight size={14} aria-label="against" />
              <Pipeline of={x.candidate} />
              <Text size="sm" span>
                · {count(x.hosts.length)} {x.hosts.length === 1 ? "host" : "hosts"}
                {x.group ? ` of the group ${x.group}` : x.selector ? ` with ${x.selector}` : ""}
              </Text>
            </Group>
            <When x={x} />
          </Stack>
        }
        actions={
          <>
            <ExportMenu id={x.id} at={at} />
            {at === null && <ActionsMenu x={x} />}
          </>
        }
      />
      {(x.state === "running" || x.state === "warmingUp") && (
        <Tooltip label={`${count(x.windows)} of ${count(done.required)} planned windows count as evidence`}>
          <Progress value={done.pct} mb="md" aria-label="Planned windows that were measured" />
        </Tooltip>
      )}
      {x.breach !== null && (
        <Alert color="red" icon={<IconAlertTriangle />} title={`The guardrail ${spaced(x.breach.guardrail)} ended the candidate`} mb="md">
          {x.breach.detail}. Measured in window {x.breach.window}.
        </Alert>
      )}
      {x.failedHosts.length > 0 && (
        <Alert
          color="yellow"
          icon={<IconAlertTriangle />}
          title={`${count(x.failedHosts.length)} hosts could not do what was asked`}
          mb="md"
        >
          {x.failedHosts.slice(0, 5).map((h) => (
            <Text size="sm" key={`${h.hostId} ${h.purpose}`}>
              {h.hostId}, {spaced(h.purpose)}: {h.error}
            </Text>
          ))}
        </Alert>
      )}
      {x.leftOut.length > 0 && (
        <Alert color="yellow" title="Goes on without hosts that were not heard of" mb="md">
          {x.leftOut.slice(0, 10).map(String).join(", ")}
          {x.leftOut.length > 10 ? ` and ${count(x.leftOut.length - 10)} more` : ""}. The evidence speaks of the others.
        </Alert>
      )}
    </>
  );
}

function Pipeline({ of: { pipelineId, name, version } }: { of: PipelineReference }) {
  return (
    <PageLink to="/pipelines/$id" params={{ id: pipelineId }}>
      {name} v{version}
    </PageLink>
  );
}

function When({ x }: { x: ExperimentView }) {
  if (x.startedAt === null)
    return (
      <Text size="sm">
        Drafted <TimeText at={x.draftedAt} />, planned for {duration(x.plan.durationSeconds)} after a warm-up of{" "}
        {duration(x.plan.warmUpSeconds)}
      </Text>
    );
  return (
    <Text size="sm">
      Started <TimeText at={x.startedAt} />
      {x.runEndsAt !== null && (
        <>
          {" "}
          · {x.state === "running" ? "the verdict comes at the latest" : "the run ended by"}{" "}
          <TimeText at={x.runEndsAt} from={x.state === "running" ? "now" : "exact"} />
        </>
      )}
    </Text>
  );
}
