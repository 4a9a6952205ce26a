import { Drawer, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import type { UpgradeHostView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { useMore } from "~/shared/components/useMore";
import { count, counted, duration, UNKNOWN } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { upgrade } from "./queries";
import { UpgradeCard } from "./UpgradeCard";
import { UPGRADE_HOST_STATE } from "./upgradeStates";

/** An upgrade with each of its hosts. */
export function UpgradeDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useInfiniteQuery(upgrade(id));
  const mayChange = useMay("operator");
  const more = useMore(query);
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title="Upgrade of agents">
      <QueryView query={query}>
        {({ pages }) => {
          const first = pages[0];
          if (first === undefined) return null;
          const { plan } = first.upgrade;
          return (
            <Stack>
              <UpgradeCard upgrade={first.upgrade} mayChange={mayChange} />
              <Text size="sm" c="dimmed">
                Stages end with {first.upgrade.stages.map((n) => count(n)).join(", ")} hosts. Each is watched for{" "}
                {duration(plan.soakSeconds)}; a host has {duration(plan.confirmSeconds)} to prove the version, and{" "}
                {duration(plan.patienceSeconds)} to call in. More than{" "}
                {plan.maxFailuresPct > 0
                  ? `${count(plan.maxFailures)} failures, or ${plan.maxFailuresPct} %,`
                  : `${count(plan.maxFailures)} failures`}{" "}
                {plan.onFailure === "rollBack" ? "roll it back" : "hold it"}.
              </Text>
              <Group gap="md">
                {Object.entries(first.versions).map(([version, hosts]) => (
                  <Text key={version} size="sm">
                    {version}: {counted(hosts, "host")} by heartbeats
                  </Text>
                ))}
              </Group>
              <DataTable
                label="Hosts of the upgrade"
                rows={pages.flatMap((p) => p.hosts.items)}
                columns={COLUMNS}
                rowId={(h) => h.hostId}
                height="60vh"
                minWidth={640}
                onEndReached={more}
              />
            </Stack>
          );
        }}
      </QueryView>
    </Drawer>
  );
}

const COLUMNS: ColumnDef<UpgradeHostView>[] = [
  {
    id: "host",
    header: "Host",
    enableSorting: false,
    cell: ({ row }) => (
      <PageLink fz="sm" to="/fleet/$hostId" params={{ hostId: row.original.hostId }}>
        {row.original.hostId}
      </PageLink>
    ),
  },
  { accessorKey: "stage", header: "Stage", enableSorting: false, meta: { align: "right" } },
  { id: "state", header: "State", enableSorting: false, cell: ({ row }) => UPGRADE_HOST_STATE[row.original.state] },
  { id: "version", header: "Version", enableSorting: false, cell: ({ row }) => row.original.agentVersion ?? UNKNOWN },
  { id: "from", header: "From", enableSorting: false, cell: ({ row }) => row.original.fromVersion ?? UNKNOWN },
  { id: "error", header: "Error", enableSorting: false, cell: ({ row }) => row.original.error ?? "" },
];
