import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconArrowLeft, IconPrinter } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ExperimentView } from "~/api/schema";
import { atOf, dayOf, parseMoment } from "~/shared/as-of/moments";
import { PageButton } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { OutcomeBadge, StateBadge } from "~/shared/experiments/StateBadge";
import { useNow } from "~/shared/format/useNow";
import { useMe } from "~/shared/session/session";
import { until } from "../bands";
import { ClaimsPanel } from "../overview/ClaimsPanel";
import { CostPanel } from "../overview/CostPanel";
import { CriteriaPanel } from "../overview/CriteriaPanel";
import { GuardrailsPanel } from "../overview/GuardrailsPanel";
import { OverheadPanel } from "../overview/OverheadPanel";
import { ReductionPanel } from "../overview/ReductionPanel";
import { SavingPanel } from "../overview/SavingPanel";
import { VisibilityPanel } from "../overview/VisibilityPanel";
import { WhatIfPanel } from "../overview/WhatIfPanel";
import { decisions, experiment, experimentHosts, timeline, windows } from "../queries";
import { Decided, HostTable, Question, Source, Whole, WhoWhenWhy } from "./parts";
import { useAllPages } from "./useAllPages";

const route = getRouteApi("/_app/experiments/$id_/report");
/** 10 pages of 200 hosts or decisions; more belong into a file. */
const MOST_PAGES = 10;
const MOST_EVENT_PAGES = 50;

/** Everything that is known of an experiment, to be printed or kept as a file. */
export function ReportPage() {
  const { id } = route.useParams();
  const at = parseMoment(route.useSearch().at);
  const query = useQuery(experiment(id, at));
  return <QueryView query={query}>{(x) => <Report x={x} at={at} />}</QueryView>;
}

function Report({ x, at }: { x: ExperimentView; at: string | null }) {
  const me = useMe();
  const now = useNow();
  const started = x.startedAt !== null;
  const measured = useQuery({ ...windows(x.id, at), enabled: started });
  const hosts = useAllPages(useInfiniteQuery({ ...experimentHosts(x.id, at), enabled: started }), MOST_PAGES);
  const decided = useAllPages(useInfiniteQuery({ ...decisions(x.id, undefined, undefined), enabled: started }), MOST_PAGES);
  const events = useAllPages(useInfiniteQuery(timeline(x.id)), MOST_EVENT_PAGES);
  const ready = events.complete && (!started || (hosts.complete && decided.complete && measured.isSuccess));
  const failed =
    [events, hosts, decided].some((read) => read.error !== null && !read.complete) || (measured.isError && measured.data === undefined);
  return (
    <Stack maw={1000} data-testid="report">
      <PageHeader
        title={`Report: ${x.name}`}
        badge={
          <Group gap={6}>
            <StateBadge state={x.state} />
            {x.verdict?.outcome != null && <OutcomeBadge outcome={x.verdict.outcome} />}
          </Group>
        }
        description={
          <>
            {at === null ? "As of " : "As it was at "}
            <TimeText at={at ?? new Date(now).toISOString()} />
            {me === null ? "" : `, for ${me.name}`}. Experiment {x.id}.
          </>
        }
        actions={
          <>
            <PageButton
              to="/experiments/$id"
              params={{ id: x.id }}
              search={atOf(at)}
              variant="default"
              leftSection={<IconArrowLeft size={16} />}
            >
              Back
            </PageButton>
            <Button leftSection={<IconPrinter size={16} />} loading={!ready && !failed} disabled={!ready} onClick={() => window.print()}>
              Print or save as PDF
            </Button>
          </>
        }
      />
      {at !== null && (
        <Alert color="yellow" title="A past moment">
          All of it is as it was then, by the prices of that day. Raw windows of hosts are kept for a bounded time.
        </Alert>
      )}
      <Question x={x} />
      <CriteriaPanel x={x} />
      {started && (
        <>
          <ClaimsPanel x={x} />
          <QueryView query={measured}>
            {(view) => (
              <>
                <ReductionPanel x={x} windows={until(view.items, at)} />
                <SavingPanel view={view} windows={until(view.items, at)} />
              </>
            )}
          </QueryView>
          <Source entry={x.priceEntry} on={dayOf(at)} />
          <VisibilityPanel x={x} />
          <OverheadPanel x={x} />
          <GuardrailsPanel id={x.id} />
          <CostPanel x={x} />
          <WhatIfPanel x={x} />
          <Whole title="Hosts" read={hosts}>
            {(items) => <HostTable hosts={items} more={hosts.more} />}
          </Whole>
          <Whole title="Decisions of adaptive processors" read={decided}>
            {(items) => <Decided decisions={items} at={at} more={decided.more} />}
          </Whole>
        </>
      )}
      <Whole title="Who, when and why" read={events}>
        {(items) => <WhoWhenWhy events={items} at={at} more={events.more} />}
      </Whole>
      <Text size="xs" c="dimmed">
        Computed by the control plane from its event log. Every figure can be computed again from it.
      </Text>
    </Stack>
  );
}
