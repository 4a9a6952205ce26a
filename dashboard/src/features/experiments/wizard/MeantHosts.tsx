import { Badge, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { ApiError } from "~/api/client";
import type { AgentView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { TimeText } from "~/shared/components/TimeText";
import { count, UNKNOWN } from "~/shared/format/numbers";
import { pipelines } from "~/shared/pipelines/queries";
import { host, hostsOf } from "../queries";
import { pipelineName } from "./names";

interface Targets {
  hosts: string[] | null;
  selector: string;
  group: string;
}

/** Of named hosts so many are shown one by one. */
const SHOWN = 100;

const isUnknown = (error: unknown) => error instanceof ApiError && error.status === 404;

/** Hosts of a design, as far as they have been read; of named ones also those that are not there. */
export function useMeantHosts(targets: Targets, enabled: boolean) {
  const byLabels = useInfiniteQuery({ ...hostsOf(targets.selector, targets.group), enabled: enabled && targets.hosts === null });
  const named = useQueries({ queries: (enabled ? (targets.hosts ?? []) : []).slice(0, SHOWN).map((id) => host(id)) });
  if (targets.hosts === null)
    return {
      hosts: enabled ? (byLabels.data?.pages.flatMap((page) => page.items) ?? []) : [],
      strangers: [] as string[],
      error: byLabels.error,
      pending: enabled && byLabels.isPending,
      more: () => {
        if (byLabels.hasNextPage && !byLabels.isFetchingNextPage) void byLabels.fetchNextPage();
      },
    };
  return {
    hosts: named.flatMap((q) => (q.data === undefined ? [] : [q.data])),
    strangers: (targets.hosts ?? []).slice(0, SHOWN).filter((_, i) => isUnknown(named[i]?.error)),
    error: named.find((q) => q.isError && !isUnknown(q.error))?.error ?? null,
    pending: named.some((q) => q.isPending),
    more: () => undefined,
  };
}

/** The hosts that are meant, with what matters to an experiment: whether they are reached, and what they run. */
export function MeantHosts({ targets, clear }: { targets: Targets; clear: boolean }) {
  const { hosts, strangers, error, pending, more } = useMeantHosts(targets, clear);
  const known = useQuery(pipelines()).data?.items ?? [];
  const columns: ColumnDef<AgentView, unknown>[] = [
    { id: "host", header: "Host", accessorKey: "hostId" },
    { id: "state", header: "State", accessorKey: "state", cell: ({ row }) => <HostState state={row.original.state} /> },
    {
      id: "production",
      header: "Runs in production",
      accessorFn: (h) =>
        h.production?.pipelineId
          ? pipelineName({ pipelineId: h.production.pipelineId, version: h.production.pipelineVersion }, known)
          : UNKNOWN,
    },
    { id: "seen", header: "Heard", accessorKey: "lastSeenAt", cell: ({ row }) => <TimeText at={row.original.lastSeenAt} from="now" /> },
  ];
  return (
    <Stack gap="xs">
      {error !== null && <ProblemAlert error={error} />}
      {strangers.length > 0 && (
        <Text size="sm" c="red" role="alert">
          Not enrolled: {strangers.join(", ")}
        </Text>
      )}
      <DataTable
        label="Hosts that are meant"
        rows={hosts}
        columns={columns}
        rowId={(h) => h.hostId}
        height={420}
        minWidth={520}
        onEndReached={more}
        empty={
          <Text c="dimmed" ta="center" size="sm">
            {!clear
              ? "Choose hosts, and they are listed here."
              : pending
                ? "Reading hosts."
                : "No host is meant. Look at their labels on the Fleet page."}
          </Text>
        }
      />
      {(targets.hosts?.length ?? 0) > SHOWN && (
        <Text size="xs" c="dimmed">
          The first {count(SHOWN)} of {count(targets.hosts?.length)} are listed.
        </Text>
      )}
    </Stack>
  );
}

function HostState({ state }: { state: string }) {
  return (
    <Badge variant="default" tt="none" color={state === "active" ? "teal" : "yellow"}>
      {state}
    </Badge>
  );
}
