import { Anchor, Badge, Text } from "@mantine/core";
import { createColumnHelper } from "@tanstack/react-table";
import { type ReactNode, useMemo } from "react";
import type { AuditEntry } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { TimeText } from "~/shared/components/TimeText";
import { named, streamNamed } from "~/shared/events/sentences";
import { useActorName } from "~/shared/people/people";

const column = createColumnHelper<AuditEntry>();

interface Props {
  rows: AuditEntry[];
  open: number | undefined;
  onOpen: (sequence: number) => void;
  onEndReached?: () => void;
  empty?: ReactNode;
  height?: number;
}

export function EventTable({ rows, open, onOpen, onEndReached, empty, height = 620 }: Props) {
  const nameOf = useActorName();
  const columns = useMemo(
    () => [
      column.accessor("timestamp", { header: "When", size: 170, enableSorting: false, cell: (c) => <TimeText at={c.getValue()} /> }),
      column.accessor("type", {
        header: "What",
        enableSorting: false,
        cell: (c) => (
          <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onOpen(c.row.original.sequence)}>
            {named(c.getValue())}
          </Anchor>
        ),
      }),
      column.accessor("streamType", {
        header: "Of",
        size: 130,
        enableSorting: false,
        cell: (c) => <Badge variant="default">{streamNamed(c.getValue())}</Badge>,
      }),
      column.accessor("actor", { header: "Who", enableSorting: false, cell: (c) => nameOf(c.getValue()) }),
      column.accessor("reason", {
        header: "Why",
        enableSorting: false,
        cell: (c) => (
          <Text size="sm" lineClamp={1} maw={420} title={c.getValue() ?? undefined}>
            {c.getValue()}
          </Text>
        ),
      }),
      column.accessor("sequence", { header: "No.", size: 80, enableSorting: false, meta: { align: "right" } }),
    ],
    [nameOf, onOpen],
  );
  return (
    <DataTable
      label="Events"
      rows={rows}
      columns={columns}
      rowId={(r) => String(r.sequence)}
      isSelected={(r) => r.sequence === open}
      height={height}
      minWidth={860}
      onEndReached={onEndReached}
      empty={empty}
    />
  );
}
