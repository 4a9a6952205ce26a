import { Text, Tooltip } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { ExperimentHostView, ExperimentView } from "~/api/schema";
import { atOf } from "~/shared/as-of/moments";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { DataTable } from "~/shared/components/DataTable";
import { PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { spaced } from "~/shared/events/sentences";
import { bytes, count, decimal, duration, percent, UNKNOWN } from "~/shared/format/numbers";
import { experimentHosts } from "./queries";

const route = getRouteApi("/_app/experiments/$id");
const column = createColumnHelper<ExperimentHostView>();

/** Host by host: what was measured, what was void and why, what came late or not at all. */
export function HostsTab({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const query = useInfiniteQuery({ ...experimentHosts(x.id, at), enabled: x.startedAt !== null });
  const { id } = route.useParams();
  const columns = useMemo(
    () => [
      column.accessor("hostId", {
        header: "Host",
        cell: (c) => (
          <PageLink to="/fleet/$hostId" params={{ hostId: c.getValue() }} search={atOf(at)}>
            {c.getValue()}
          </PageLink>
        ),
      }),
      column.accessor("state", { header: "State", cell: (c) => spaced(c.getValue()) }),
      column.accessor("reductionPct", { header: "Reduction", meta: { align: "right" }, cell: (c) => percent(c.getValue()) }),
      column.accessor("baselineLiveSeries", { header: "Baseline series", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor("candidateLiveSeries", { header: "Candidate series", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor("windows", { header: "Windows", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor((h) => Object.values(h.void).reduce((sum, n) => sum + n, 0), {
        id: "void",
        header: "Void",
        meta: { align: "right" },
        cell: (c) => <Void reasons={c.row.original.void} windows={c.getValue()} />,
      }),
      column.accessor("notReported", { header: "Not reported", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor("late", { header: "Late", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor("candidateCpuPct", {
        header: "Candidate CPU",
        meta: { align: "right" },
        cell: (c) => (c.getValue() === null ? UNKNOWN : `${decimal(c.getValue(), 2)} %`),
      }),
      column.accessor("candidateResidentBytes", { header: "Candidate memory", meta: { align: "right" }, cell: (c) => bytes(c.getValue()) }),
      column.accessor("clockSkewSeconds", { header: "Clock off by", meta: { align: "right" }, cell: (c) => duration(c.getValue()) }),
      column.accessor("lastReportedAt", { header: "Last report", cell: (c) => <TimeText at={c.getValue()} from="now" /> }),
      column.accessor("error", { header: "Error", cell: (c) => c.getValue() || "" }),
      column.display({
        id: "decisions",
        header: "Decisions",
        cell: (c) => (
          <PageLink to="/experiments/$id" params={{ id }} search={{ ...atOf(at), tab: "decisions", host: c.row.original.hostId }}>
            show
          </PageLink>
        ),
      }),
    ],
    [id, at],
  );
  if (x.startedAt === null)
    return (
      <Text size="sm">
        {(x.selector ?? x.group)
          ? `The hosts that ${x.group ? `the group ${x.group} means` : `have ${x.selector}`} are frozen at the start; ${count(x.hosts.length)} when it was written down: `
          : "Named hosts: "}
        {x.hosts.map(String).join(", ") || "none"}.
      </Text>
    );
  return (
    <>
      {at !== null && (
        <Text size="sm" c="dimmed" mb="sm">
          What hosts had reported by then. Raw windows are kept for a bounded time: those that are gone by now are missing here.
        </Text>
      )}
      <PagesView query={query}>
        {(rows, more) => (
          <DataTable
            label="Hosts of the experiment"
            rows={rows}
            columns={columns}
            rowId={(h) => h.hostId}
            height="65vh"
            minWidth={1350}
            sortable={!query.hasNextPage}
            onEndReached={more}
            empty={
              <Text c="dimmed" ta="center" size="sm">
                No host takes part.
              </Text>
            }
          />
        )}
      </PagesView>
    </>
  );
}

function Void({ reasons, windows }: { reasons: Record<string, number>; windows: number }) {
  if (windows === 0) return <>0</>;
  return (
    <Tooltip
      label={Object.entries(reasons)
        .map(([reason, n]) => `${reason}: ${n}`)
        .join(", ")}
    >
      <span>{count(windows)}</span>
    </Tooltip>
  );
}
