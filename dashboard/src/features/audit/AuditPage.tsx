import { Button, Group, Menu, Stack } from "@mantine/core";
import { IconArrowsSort, IconDownload } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { useMore } from "~/shared/components/useMore";
import { AuditFilters } from "./AuditFilters";
import { Density } from "./Density";
import { EventDrawer } from "./EventDrawer";
import { EventTable } from "./EventTable";
import { events, histogram } from "./queries";
import { type AuditSearch, exportOf } from "./search";

const route = getRouteApi("/_app/audit/");

/** Everything that ever happened: who, what, when and why. */
export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(events(search));
  const density = useQuery(histogram(search));
  const set = useCallback(
    (change: Partial<AuditSearch>) => void navigate({ search: (s) => ({ ...s, ...change }), replace: true }),
    [navigate],
  );
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data]);
  const more = useMore(query);

  return (
    <>
      <PageHeader
        title="Audit"
        description="Every change is an event. Nothing here can be edited; this is the event store itself."
        actions={
          <>
            <Button
              variant="default"
              leftSection={<IconArrowsSort size={16} />}
              onClick={() => set({ order: search.order === "asc" ? undefined : "asc" })}
            >
              {search.order === "asc" ? "Oldest first" : "Newest first"}
            </Button>
            <Menu>
              <Menu.Target>
                <Button variant="default" leftSection={<IconDownload size={16} />}>
                  Export
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item component="a" href={exportOf(search, "csv")} download>
                  CSV, everything that matches
                </Menu.Item>
                <Menu.Item component="a" href={exportOf(search, "ndjson")} download>
                  JSON lines, with the events' data
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        }
      />
      <Stack>
        <AuditFilters search={search} onChange={set} />
        {density.data !== undefined && <Density histogram={density.data} onSpan={(from, until) => set({ from, until })} />}
        {query.isError && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {!query.isPending && (
          <EventTable
            rows={rows}
            open={search.event}
            onOpen={(sequence) => set({ event: sequence })}
            onEndReached={more}
            empty={
              <EmptyState title="Nothing like this happened">
                <Group justify="center">
                  <Button variant="light" size="xs" onClick={() => void navigate({ search: {} })}>
                    Clear the filters
                  </Button>
                </Group>
              </EmptyState>
            }
          />
        )}
      </Stack>
      <EventDrawer
        sequence={search.event}
        onOpen={(sequence) => set({ event: sequence })}
        onFilter={(change) => set({ ...change, event: undefined })}
      />
    </>
  );
}
