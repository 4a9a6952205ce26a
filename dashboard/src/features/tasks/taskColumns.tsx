import { Anchor, Badge, Checkbox, Text, Tooltip } from "@mantine/core";
import { IconClock, IconPlayerPlay, IconSkull } from "@tabler/icons-react";
import type { ColumnDef } from "@tanstack/react-table";
import type { ComponentType } from "react";
import type { QueuedTaskView } from "~/api/schema";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { purposeLabel, TASK_STATUS } from "~/shared/tasks/words";
import { ExperimentLink, HostLink } from "./Names";

interface Context {
  ticked: ReadonlySet<string> | null;
  onTick: (id: string, on: boolean) => void;
  onOpen: (id: string) => void;
}

/** Rows of a long table are of one height. */
const NOWRAP = { whiteSpace: "nowrap" } as const;

const ICON: Record<string, ComponentType<{ size?: number; color?: string }>> = {
  queued: IconClock,
  assigned: IconPlayerPlay,
  deadLettered: IconSkull,
};

const COLOR: Record<string, string> = { queued: "gray", assigned: "blue", deadLettered: "red" };

export function StatusBadge({ status }: { status: string }) {
  const Icon = ICON[status];
  return (
    <Badge
      variant="default"
      tt="none"
      fw={500}
      miw="max-content"
      leftSection={Icon && <Icon size={14} color={`var(--mantine-color-${COLOR[status]}-6)`} aria-hidden />}
    >
      {TASK_STATUS[status] ?? status}
    </Badge>
  );
}

/** Columns of the queue, which the control plane lists in the order in which tasks would be taken. */
export function taskColumns({ ticked, onTick, onOpen }: Context): ColumnDef<QueuedTaskView>[] {
  const columns: ColumnDef<QueuedTaskView>[] = [
    {
      id: "purpose",
      header: "Purpose",
      enableSorting: false,
      cell: ({ row: { original: t } }) => (
        <Anchor component="button" type="button" size="sm" onClick={() => onOpen(t.id)} style={{ whiteSpace: "nowrap" }}>
          {purposeLabel(t.purpose)}
        </Anchor>
      ),
    },
    { id: "status", header: "Status", enableSorting: false, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
    { id: "host", header: "Host", enableSorting: false, cell: ({ row }) => <HostLink hostId={row.original.hostId} /> },
    { id: "experiment", header: "Experiment", enableSorting: false, cell: ({ row }) => <ExperimentLink id={row.original.experimentId} /> },
    { id: "queued", header: "Queued", enableSorting: false, cell: ({ row }) => <TimeText at={row.original.queuedAt} from="now" /> },
    {
      id: "next",
      header: "Next attempt",
      enableSorting: false,
      cell: ({ row: { original: t } }) => <Next task={t} />,
    },
    { id: "attempt", header: "Attempts", enableSorting: false, meta: { align: "right" }, cell: ({ row }) => count(row.original.attempt) },
    { id: "priority", header: "Priority", enableSorting: false, meta: { align: "right" }, cell: ({ row }) => row.original.priority },
    {
      id: "error",
      header: "Last error",
      enableSorting: false,
      cell: ({ row }) =>
        row.original.lastError ? (
          <Tooltip label={row.original.lastError} multiline maw={420}>
            <Text size="sm" truncate maw={280}>
              {row.original.lastError}
            </Text>
          </Tooltip>
        ) : null,
    },
  ];
  if (ticked === null) return columns;
  return [
    {
      id: "tick",
      header: "",
      enableSorting: false,
      size: 36,
      cell: ({ row: { original: t } }) => (
        <Checkbox
          size="xs"
          aria-label={`Choose: ${purposeLabel(t.purpose)} on ${t.hostId}`}
          checked={ticked.has(t.id)}
          onChange={(e) => onTick(t.id, e.currentTarget.checked)}
        />
      ),
    },
    ...columns,
  ];
}

function Next({ task }: { task: QueuedTaskView }) {
  if (task.status === "deadLettered")
    return (
      <Text size="sm" style={NOWRAP}>
        Not by itself
      </Text>
    );
  if (task.status === "assigned")
    return (
      <Tooltip label={task.acknowledged ? "The host has begun it." : "The host has not said yet that it has begun."}>
        <Text size="sm" style={NOWRAP}>
          {task.acknowledged ? "At work" : "Handed out"}
        </Text>
      </Tooltip>
    );
  return Date.parse(task.notBefore) <= Date.now() ? (
    <Text size="sm" style={NOWRAP}>
      Can be taken now
    </Text>
  ) : (
    <TimeText at={task.notBefore} from="now" />
  );
}
