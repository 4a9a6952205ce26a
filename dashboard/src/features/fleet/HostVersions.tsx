import { Button, Code, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { useMemo } from "react";
import type { HostVersionView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { duration, UNKNOWN } from "~/shared/format/numbers";
import { useNow } from "~/shared/format/useNow";
import { hostVersions, pipelineNames } from "./queries";
import { versionThen } from "./versionThen";

/** Every version that was the production one of a host, newest first; of a past moment those that had come until then. */
export function HostVersions({ hostId, at }: { hostId: string; at?: string }) {
  const query = useInfiniteQuery(hostVersions(hostId));
  const names = useQuery(pipelineNames).data;
  const columns = useMemo(() => versionColumns(names ?? {}, at), [names, at]);
  return (
    <QueryView query={query}>
      {({ pages }) => (
        <>
          <DataTable
            label={`Production versions of ${hostId}`}
            rows={pages.flatMap((p) => p.items).flatMap((v) => versionThen(v, at) ?? [])}
            columns={columns}
            rowId={(v) => `${v.since} ${v.configurationHash}`}
            minWidth={720}
            empty={
              <EmptyState title="No pipeline was production here yet">A deployment or a promoted experiment puts one here.</EmptyState>
            }
          />
          {query.hasNextPage && (
            <Button variant="default" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show earlier ones
            </Button>
          )}
          <Text size="sm" c="dimmed" mt="sm">
            Any of them can be deployed again, on the page of deployments.
          </Text>
        </>
      )}
    </QueryView>
  );
}

const versionColumns = (names: Record<string, string>, at?: string): ColumnDef<HostVersionView>[] => [
  {
    id: "pipeline",
    header: "Pipeline",
    enableSorting: false,
    cell: ({ row: { original: v } }) =>
      v.pipelineId === null ? (
        "Not one of the pipelines that are kept"
      ) : (
        <PageLink fz="sm" to="/pipelines/$id" params={{ id: v.pipelineId ?? "" }}>
          {names[v.pipelineId] ?? "Pipeline"} v{v.version}
        </PageLink>
      ),
  },
  { id: "since", header: "Since", enableSorting: false, cell: ({ row }) => <TimeText at={row.original.since} /> },
  {
    id: "until",
    header: "Until",
    enableSorting: false,
    cell: ({ row }) => (row.original.until === null ? at === undefined ? "Runs now" : "Ran then" : <TimeText at={row.original.until} />),
  },
  { id: "for", header: "For", enableSorting: false, meta: { align: "right" }, cell: ({ row }) => <Span version={row.original} at={at} /> },
  {
    id: "hash",
    header: "Configuration",
    enableSorting: false,
    cell: ({ row }) => <Hash hash={row.original.configurationHash} />,
  },
  {
    id: "task",
    header: "Left there by",
    enableSorting: false,
    cell: ({ row }) => (
      <PageLink fz="sm" to="/tasks" search={{ task: row.original.taskId }}>
        Task
      </PageLink>
    ),
  },
];

function Span({ version, at }: { version: HostVersionView; at?: string }) {
  const now = useNow();
  return duration(
    ((version.until === null ? (at === undefined ? now : Date.parse(at)) : Date.parse(version.until)) - Date.parse(version.since)) / 1000,
  );
}

function Hash({ hash }: { hash: string | null }) {
  return hash === null ? UNKNOWN : <Code title={hash}>{hash.slice(0, 16)}…</Code>;
}
