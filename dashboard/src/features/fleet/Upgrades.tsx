import { Button, Card, Code, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowUpCircle } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import type { AgentReleaseView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { bytes } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { releases, upgrades } from "./queries";
import type { FleetSearch } from "./search";
import { UpgradeCard } from "./UpgradeCard";
import { UpgradeDrawer } from "./UpgradeDrawer";

/** Releases of the agent that can be had, and staged upgrades to them. */
export function Upgrades({ search, onSearch }: { search: FleetSearch; onSearch: (changes: Partial<FleetSearch>) => void }) {
  const served = useQuery(releases);
  const list = useInfiniteQuery(upgrades);
  const mayChange = useMay("operator");
  const request = mayChange && (served.data?.items.length ?? 0) > 0 && (
    <Button size="xs" onClick={() => onSearch({ dialog: "upgrade" })}>
      Upgrade agents
    </Button>
  );
  return (
    <Stack>
      <Card>
        <Group justify="space-between" mb="xs">
          <Title order={2}>Releases that are served</Title>
          {request}
        </Group>
        <QueryView query={served}>
          {({ items }) =>
            items.length === 0 ? (
              <Text size="sm" c="dimmed">
                The control plane serves no release. Put programs into the directory that <Code>PHOENIX_AGENT_RELEASES_DIR</Code> names, as{" "}
                <Code>VERSION/RUNTIME/phoenix-agent</Code>; no restart is needed once it is set.
              </Text>
            ) : (
              <DataTable
                label="Releases"
                rows={items}
                columns={RELEASE_COLUMNS}
                rowId={(r) => `${r.version}/${r.runtime}/${r.name}`}
                height={260}
                minWidth={640}
              />
            )
          }
        </QueryView>
      </Card>
      <Title order={2}>Upgrades</Title>
      <QueryView query={list}>
        {({ pages }) => {
          const all = pages.flatMap((p) => p.items);
          return all.length === 0 ? (
            <EmptyState icon={<IconArrowUpCircle />} title="No upgrade was asked for yet" action={request}>
              An upgrade goes in stages: each must be well for a while before the next one begins, and a host goes back by itself where the
              new version does not prove itself on it.
            </EmptyState>
          ) : (
            <Stack gap="sm">
              {all.map((upgrade) => (
                <UpgradeCard key={upgrade.id} upgrade={upgrade} mayChange={mayChange} onOpen={() => onSearch({ upgrade: upgrade.id })} />
              ))}
              {list.hasNextPage && (
                <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  Show earlier ones
                </Button>
              )}
            </Stack>
          );
        }}
      </QueryView>
      {search.upgrade !== undefined && <UpgradeDrawer id={search.upgrade} onClose={() => onSearch({ upgrade: undefined })} />}
    </Stack>
  );
}

const RELEASE_COLUMNS: ColumnDef<AgentReleaseView>[] = [
  { accessorKey: "version", header: "Version" },
  { accessorKey: "runtime", header: "Runtime" },
  { accessorKey: "name", header: "Program" },
  { accessorKey: "bytes", header: "Size", meta: { align: "right" }, cell: ({ row }) => bytes(row.original.bytes) },
  {
    accessorKey: "sha256",
    header: "SHA-256",
    enableSorting: false,
    cell: ({ row }) => <Code title={row.original.sha256}>{row.original.sha256.slice(0, 16)}…</Code>,
  },
];
