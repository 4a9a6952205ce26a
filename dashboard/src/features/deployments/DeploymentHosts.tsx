import { Card, Group, Select, Text, Title } from "@mantine/core";
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { DeploymentDetailView, DeploymentHostState, DeploymentHostView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, percent, UNKNOWN } from "~/shared/format/numbers";
import { deployment } from "./queries";
import { StateBadge } from "./StateBadge";
import { HOST_STATES } from "./states";

const route = getRouteApi("/_app/deployments/$id");
const column = createColumnHelper<DeploymentHostView>();

/** Each host with its wave, what it ran before, and how it is by its last heartbeat. */
export function DeploymentHosts({ id, total }: { id: string; total: number }) {
  const { hosts: state } = route.useSearch();
  const navigate = route.useNavigate();
  const hosts = useInfiniteQuery({ ...deployment(id, state), select: hostPages });
  return (
    <Card component="section" aria-label="Hosts">
      <Group justify="space-between" mb="sm" align="flex-end">
        <Title order={2}>Hosts</Title>
        <Select
          aria-label="Hosts in state"
          allowDeselect={false}
          value={state ?? "all"}
          data={[
            { value: "all", label: `All hosts (${count(total)})` },
            ...Object.entries(HOST_STATES).map(([value, { label }]) => ({ value, label })),
          ]}
          onChange={(v) => void navigate({ search: { hosts: v === "all" ? undefined : (v as DeploymentHostState) }, resetScroll: false })}
        />
      </Group>
      <PagesView query={hosts}>
        {(rows, more) => (
          <DataTable
            label="Hosts of the deployment"
            rows={rows}
            columns={COLUMNS}
            rowId={(h) => h.hostId}
            minWidth={900}
            height={rows.length > 50 ? 560 : undefined}
            sortable={!hosts.hasNextPage}
            onEndReached={more}
            empty={
              <Text size="sm" c="dimmed" ta="center">
                No host is in this state.
              </Text>
            }
          />
        )}
      </PagesView>
    </Card>
  );
}

const hostPages = ({ pages, pageParams }: InfiniteData<DeploymentDetailView, number>) => ({ pages: pages.map((p) => p.hosts), pageParams });

const COLUMNS = [
  column.accessor("hostId", {
    header: "Host",
    cell: (c) => (
      <PageLink to="/fleet/$hostId" params={{ hostId: c.getValue() }}>
        {c.getValue()}
      </PageLink>
    ),
  }),
  column.accessor("wave", { header: "Wave", meta: { align: "right" } }),
  column.accessor("state", { header: "State", cell: (c) => <StateBadge of={HOST_STATES[c.getValue()]} /> }),
  column.accessor((h) => h.before?.version ?? 0, {
    id: "before",
    header: "Ran before",
    cell: ({ row: { original: h } }) =>
      h.before ? (
        <PageLink to="/pipelines/$id" params={{ id: h.before.pipelineId }} search={{ version: h.before.version }}>
          v{h.before.version}, {h.before.configurationHash.slice(0, 8)}
        </PageLink>
      ) : (
        UNKNOWN
      ),
  }),
  column.accessor((h) => h.now.flow?.seriesOut ?? -1, {
    id: "series",
    header: "Live series in → out",
    meta: { align: "right" },
    cell: ({ row: { original: h } }) => (h.now.flow ? `${count(h.now.flow.seriesIn)} → ${count(h.now.flow.seriesOut)}` : UNKNOWN),
  }),
  column.accessor((h) => h.now.conservationErrorPct, {
    id: "error",
    header: "Ledger error",
    meta: { align: "right" },
    cell: ({ row: { original: h } }) => (h.now.heardAt ? percent(h.now.conservationErrorPct, 2) : UNKNOWN),
  }),
  column.accessor((h) => h.now.residentBytes, {
    id: "memory",
    header: "Memory",
    meta: { align: "right" },
    cell: (c) => (c.getValue() > 0 ? bytes(c.getValue()) : UNKNOWN),
  }),
  column.accessor((h) => h.now.heardAt, { id: "heard", header: "Heard", cell: (c) => <TimeText at={c.getValue()} from="now" /> }),
  column.accessor((h) => h.error ?? (h.now.silent ? "Nothing was heard of it for a while" : h.now.unhealthy) ?? "", {
    id: "error-text",
    header: "What is wrong",
    cell: (c) => (
      <Text size="sm" lineClamp={1} title={c.getValue()}>
        {c.getValue()}
      </Text>
    ),
  }),
];
