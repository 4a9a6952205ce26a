import { Badge, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import type { QueuedTaskView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { purposeLabel, TASK_STATUS } from "~/shared/tasks/words";
import { hostTasks } from "./queries";

/** What is queued or under way for a host, and what has failed for good. */
export function HostTasks({ hostId }: { hostId: string }) {
  return (
    <QueryView query={useQuery(hostTasks(hostId))}>
      {({ items, next }) => (
        <>
          <Group justify="space-between" mb="xs">
            <Text size="sm" c="dimmed">
              Open tasks in the order in which they are taken, and dead letters.{next ? " The first 200 of them." : ""}
            </Text>
            <PageLink fz="sm" to="/tasks" search={{ host: hostId }}>
              On the page of tasks
            </PageLink>
          </Group>
          <DataTable
            label={`Tasks of ${hostId}`}
            rows={items}
            columns={COLUMNS}
            rowId={(t) => t.id}
            minWidth={720}
            empty={<EmptyState title="Nothing is queued for this host">What has ended is in the audit log.</EmptyState>}
          />
        </>
      )}
    </QueryView>
  );
}

const COLUMNS: ColumnDef<QueuedTaskView>[] = [
  {
    id: "purpose",
    header: "Purpose",
    enableSorting: false,
    cell: ({ row }) => (
      <PageLink fz="sm" to="/tasks" search={{ task: row.original.id }}>
        {purposeLabel(row.original.purpose)}
      </PageLink>
    ),
  },
  {
    id: "status",
    header: "Status",
    enableSorting: false,
    cell: ({ row }) => (
      <Badge variant="default" tt="none" fw={500}>
        {TASK_STATUS[row.original.status] ?? row.original.status}
      </Badge>
    ),
  },
  { id: "queued", header: "Queued", enableSorting: false, cell: ({ row }) => <TimeText at={row.original.queuedAt} from="now" /> },
  { accessorKey: "attempt", header: "Attempt", enableSorting: false, meta: { align: "right" } },
  { id: "error", header: "Last error", enableSorting: false, cell: ({ row }) => row.original.lastError ?? "" },
];
