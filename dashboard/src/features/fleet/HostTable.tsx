import { Button, Group, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo } from "react";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PagesView } from "~/shared/components/PagesView";
import { count, counted } from "~/shared/format/numbers";
import type { Change } from "~/shared/search/change";
import { useTicked } from "~/shared/search/useTicked";
import { useMay } from "~/shared/session/session";
import { hostColumns } from "./hostColumns";
import { hosts, pipelineNames } from "./queries";
import { type FleetSearch, hostFilters, isFiltered } from "./search";

interface Props {
  search: FleetSearch;
  onSearch: (change: Change<FleetSearch>) => void;
}

/** Hosts by id, read on as they are scrolled; ticked ones are what an incident is declared on. */
export function HostTable({ search, onSearch }: Props) {
  // Other rows come after the filter that asked for them was painted.
  const asked = useDeferredValue(search);
  const query = useInfiniteQuery(hosts(hostFilters(asked), asked.at));
  const pipelines = useQuery(pipelineNames).data;
  const mayChange = useMay("operator") && search.at === undefined;
  const setTicked = useCallback(
    (next: (hosts: string | undefined) => string | undefined) => onSearch((was) => ({ hosts: next(was.hosts) })),
    [onSearch],
  );
  const [ticked, onTick] = useTicked(search.hosts, setTicked);
  const columns = useMemo(
    () => hostColumns({ pipelines: pipelines ?? {}, at: search.at, ticked: mayChange ? ticked : null, onTick }),
    [pipelines, search.at, mayChange, ticked, onTick],
  );

  return (
    <PagesView query={query}>
      {(rows, more) => (
        <>
          <Group justify="space-between" mb={4} mih={30}>
            <Text size="sm" c="dimmed" role="status">
              {query.hasNextPage
                ? `The first ${count(rows.length)} hosts by id; scroll for more.`
                : `${counted(rows.length, "host")} by id.`}
            </Text>
            {ticked.size > 0 && mayChange && (
              <Group gap="xs">
                <Text size="sm">{count(ticked.size)} chosen</Text>
                <Button size="compact-sm" variant="default" onClick={() => onSearch({ hosts: undefined })}>
                  Choose none
                </Button>
                <Button size="compact-sm" onClick={() => onSearch({ dialog: "incident" })}>
                  Full detail for these
                </Button>
              </Group>
            )}
          </Group>
          <DataTable
            label="Hosts"
            rows={rows}
            columns={columns}
            rowId={(h) => h.hostId}
            height="max(360px, calc(100vh - 440px))"
            minWidth={1240}
            onEndReached={more}
            isSelected={(h) => ticked.has(h.hostId)}
            empty={<NoHosts search={search} onEnrol={() => onSearch({ dialog: "enrol" })} />}
          />
        </>
      )}
    </PagesView>
  );
}

function NoHosts({ search, onEnrol }: { search: FleetSearch; onEnrol: () => void }) {
  const mayEnrol = useMay("operator");
  if (isFiltered(search)) return <EmptyState title="No host is like that">Take a filter away, or choose other values.</EmptyState>;
  if (search.at !== undefined) return <EmptyState title="There was no host yet">Choose a later moment.</EmptyState>;
  return (
    <EmptyState title="No host is enrolled yet" action={mayEnrol && <Button onClick={onEnrol}>Enrol a host</Button>}>
      A host is enrolled by starting phoenix-agent on it with a token.
    </EmptyState>
  );
}
