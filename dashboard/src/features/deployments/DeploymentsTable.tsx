import { Progress, Select, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { DeploymentState, DeploymentView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { LoadingPage } from "~/shared/components/LoadingPage";
import { PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { deployments } from "./queries";
import { StateBadge } from "./StateBadge";
import { STATES } from "./states";

const route = getRouteApi("/_app/deployments/");
const column = createColumnHelper<DeploymentView>();

export function DeploymentsTable() {
  const { state } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(deployments(state));
  return (
    <>
      <Select
        label="State"
        maw={240}
        mb="sm"
        allowDeselect={false}
        value={state ?? "all"}
        data={[{ value: "all", label: "Every state" }, ...Object.entries(STATES).map(([value, { label }]) => ({ value, label }))]}
        onChange={(v) => void navigate({ search: (s) => ({ ...s, state: v === "all" ? undefined : (v as DeploymentState) }) })}
      />
      <PagesView query={list} loading={<LoadingPage />}>
        {(rows, more) =>
          rows.length === 0 && state === undefined ? (
            <EmptyState icon={<IconRocket />} title="Nothing was deployed yet">
              An experiment that is promoted comes to its hosts as a deployment. A published pipeline version can also be deployed for
              itself.
            </EmptyState>
          ) : (
            <DataTable
              label="Deployments"
              rows={rows}
              columns={COLUMNS}
              rowId={(d) => d.id}
              minWidth={860}
              height={rows.length > 100 ? "65vh" : undefined}
              sortable={!list.hasNextPage}
              onEndReached={more}
              empty={
                <Text size="sm" c="dimmed" ta="center">
                  No deployment is in this state.
                </Text>
              }
            />
          )
        }
      </PagesView>
    </>
  );
}

const COLUMNS = [
  column.accessor((d) => `${d.pipeline.name} v${d.pipeline.version}`, {
    id: "pipeline",
    header: "Pipeline",
    cell: ({ row: { original: d } }) => (
      <PageLink to="/deployments/$id" params={{ id: d.id }} fw={600}>
        {d.pipeline.name} v{d.pipeline.version}
      </PageLink>
    ),
  }),
  column.accessor("state", { header: "State", cell: (c) => <StateBadge of={STATES[c.getValue()]} /> }),
  column.accessor((d) => (d.counts.hosts === 0 ? 0 : d.counts.deployed / d.counts.hosts), {
    id: "progress",
    header: "Hosts",
    cell: ({ row: { original: d } }) => (
      <>
        <Text size="sm">
          {count(d.counts.deployed)} of {count(d.counts.hosts)}
          {d.counts.failed > 0 && `, ${count(d.counts.failed)} failed`}
        </Text>
        <Progress
          size="xs"
          value={(100 * d.counts.deployed) / Math.max(1, d.counts.hosts)}
          aria-label={`Deployed hosts of ${d.pipeline.name}`}
        />
      </>
    ),
  }),
  column.accessor("wave", { header: "Wave", cell: ({ row: { original: d } }) => `${d.wave} of ${d.waves.length}` }),
  column.accessor((d) => (d.experimentId ? "Experiment" : d.until ? "Incident" : "Deployment"), {
    id: "origin",
    header: "From",
    cell: ({ row: { original: d }, getValue }) =>
      d.experimentId ? (
        <PageLink to="/experiments/$id" params={{ id: d.experimentId }}>
          Experiment
        </PageLink>
      ) : (
        getValue()
      ),
  }),
  column.accessor("requestedAt", { header: "Requested", cell: (c) => <TimeText at={c.getValue()} /> }),
  column.accessor((d) => d.detail ?? "", {
    id: "detail",
    header: "Why",
    cell: (c) => (
      <Text size="sm" lineClamp={2} title={c.getValue()}>
        {c.getValue()}
      </Text>
    ),
  }),
];
