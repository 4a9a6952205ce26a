import { Button, Group, Menu, Skeleton, Stack } from "@mantine/core";
import { IconArrowsSort, IconDownload } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageHeader } from "~/shared/components/PageHeader";
import { PagesView } from "~/shared/components/PagesView";
import { QueryView } from "~/shared/components/QueryView";
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
        <QueryView query={density} loading={<Skeleton h={96} />}>
          {(histogram) => <Density histogram={histogram} onSpan={(from, until) => set({ from, until })} />}
        </QueryView>
        <PagesView query={query}>
          {(rows, more) => (
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
        </PagesView>
      </Stack>
      <EventDrawer
        sequence={search.event}
        onOpen={(sequence) => set({ event: sequence })}
        onFilter={(change) => set({ ...change, event: undefined })}
      />
    </>
  );
}
