import { Card, Group, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { PageButton } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { pipelines } from "~/shared/pipelines/queries";
import { useMay } from "~/shared/session/session";
import { type Step, steps } from "./guide";
import { drafts, fleet, flow } from "./queries";

const SAYS: Record<Step, { title: string; says: string }> = {
  enrol: { title: "Enrol a host", says: "You get a command with a token; the agent then calls in by itself." },
  pipeline: { title: "Publish a pipeline", says: "What the host should run: a collector configuration, by hand or from a template." },
  flow: {
    title: "See data flow",
    says: "Deploy the pipeline to the host, and send metrics to its receivers. Series show here within a minute.",
  },
  draft: {
    title: "Draft an experiment",
    says: "A second pipeline that may save something, measured beside the first one on the same input.",
  },
  start: { title: "Start it", says: "Production goes on as it is; the candidate is counted and sent nowhere." },
};

/** From nothing to a running experiment. Each step is told by what there is; the guide goes when an experiment was started. */
export function FirstRun() {
  const may = useMay("operator");
  const queries = useQueries({ queries: [fleet, pipelines(), flow("metric", undefined), drafts] });
  const [hosts, published, flows, drafted] = queries;
  // A step is done or not by what was read; by what was not it would be told as not done.
  if (hosts.data === undefined || published.data === undefined || flows.data === undefined || drafted.data === undefined) {
    const failed = queries.find((q) => q.isError && q.data === undefined);
    return failed === undefined ? (
      <Skeleton h={200} role="status" aria-label="Loading" />
    ) : (
      <ProblemAlert error={failed.error} title="How far the first steps are is not known" onRetry={() => void failed.refetch()} />
    );
  }
  const all = steps({
    hosts: hosts.data.hosts,
    pipelines: published.data.items.length,
    seriesIn: flows.data.total.seriesIn,
    drafts: drafted.data.items.length,
    started: 0,
  });
  const next = all.find((s) => !s.done)?.step;
  const draft = drafted.data.items[0]?.id;
  const actions: Record<Step, ReactNode> = {
    enrol: (
      <PageButton to="/fleet" search={{ dialog: "enrol" }}>
        Get the command
      </PageButton>
    ),
    pipeline: <PageButton to="/pipelines/new">Publish a pipeline</PageButton>,
    flow: <PageButton to="/deployments/new">Deploy it</PageButton>,
    draft: <PageButton to="/experiments/new">Draft an experiment</PageButton>,
    start:
      draft === undefined ? null : (
        <PageButton to="/experiments/$id" params={{ id: draft }}>
          Open the draft
        </PageButton>
      ),
  };
  return (
    <Card component="section" aria-label="First steps">
      <Title order={2} mb="xs">
        First steps
      </Title>
      <Stack component="ol" gap="sm" style={{ listStyle: "none", padding: 0, margin: 0 }}>
        {all.map(({ step, done }, i) => (
          <Group component="li" key={step} wrap="nowrap" align="flex-start" aria-current={step === next ? "step" : undefined}>
            <ThemeIcon
              role="img"
              variant={done ? "filled" : "default"}
              color="teal"
              radius="xl"
              size={28}
              aria-label={done ? "Done" : `Step ${i + 1}`}
            >
              {done ? <IconCheck size={16} /> : i + 1}
            </ThemeIcon>
            <Stack gap={4} style={{ minWidth: 0 }} align="flex-start">
              <Text fw={step === next ? 700 : 500}>{SAYS[step].title}</Text>
              {!done && (
                <Text size="sm" c="dimmed">
                  {SAYS[step].says}
                </Text>
              )}
              {step === next && may && actions[step]}
            </Stack>
          </Group>
        ))}
      </Stack>
      {!may && (
        <Text size="sm" c="dimmed" mt="sm">
          These steps are for an operator; you can watch how they are done.
        </Text>
      )}
    </Card>
  );
}
