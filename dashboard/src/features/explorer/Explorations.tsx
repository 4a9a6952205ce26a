import { Badge, Button, Card, Group, Loader, Stack, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheckFilled, IconCircleHalf2 } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { useMemo } from "react";
import type { ExplorationSummary } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { useActorName } from "~/shared/people/people";
import { explorations } from "./queries";
import type { ExplorerSearch } from "./search";

const STATE: Record<ExplorationSummary["state"], string> = { running: "Running", done: "Done", partial: "Partly done", failed: "Failed" };

export function ExplorationState({ state }: { state: ExplorationSummary["state"] }) {
  const icon = {
    running: <Loader size={12} />,
    done: <IconCircleCheckFilled size={14} color="var(--mantine-color-teal-6)" aria-hidden />,
    partial: <IconCircleHalf2 size={14} color="var(--mantine-color-yellow-6)" aria-hidden />,
    failed: <IconAlertTriangle size={14} color="var(--mantine-color-red-6)" aria-hidden />,
  }[state];
  return (
    <Badge variant="default" tt="none" fw={500} leftSection={icon} style={{ flexShrink: 0 }}>
      {STATE[state]}
    </Badge>
  );
}

/** What was explored before; each is a link that can be kept. */
export function Explorations({ search }: { search: ExplorerSearch }) {
  const query = useInfiniteQuery(explorations);
  const name = useActorName();
  const columns = useMemo(() => explorationColumns(search.price, name), [search.price, name]);
  return (
    <QueryView query={query}>
      {({ pages }) => {
        const all = pages.flatMap((p) => p.items);
        return all.length === 0 ? null : (
          <Card component="section" aria-label="Explorations so far">
            <Stack gap="xs">
              <Title order={2}>Explorations so far</Title>
              <DataTable
                label="Explorations so far"
                rows={all}
                columns={columns}
                rowId={(e) => e.id}
                isSelected={(e) => e.id === search.exploration}
                minWidth={620}
              />
              {query.hasNextPage && (
                <Group>
                  <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    Show earlier ones
                  </Button>
                </Group>
              )}
            </Stack>
          </Card>
        );
      }}
    </QueryView>
  );
}

const explorationColumns = (price: string | undefined, name: (actor: string | null) => string): ColumnDef<ExplorationSummary>[] => [
  {
    id: "asked",
    header: "Asked",
    enableSorting: false,
    cell: ({ row }) => (
      <PageLink to="/explorer" search={{ exploration: row.original.id, price }}>
        <TimeText at={row.original.askedAt} />
      </PageLink>
    ),
  },
  { id: "state", header: "State", enableSorting: false, cell: ({ row }) => <ExplorationState state={row.original.state} /> },
  { id: "of", header: "Of", enableSorting: false, cell: ({ row }) => row.original.metric ?? "Metrics with most series" },
  { id: "hosts", header: "Hosts", enableSorting: false, meta: { align: "right" }, cell: ({ row }) => count(row.original.hosts) },
  { id: "by", header: "By", enableSorting: false, cell: ({ row }) => name(row.original.actor) },
];
