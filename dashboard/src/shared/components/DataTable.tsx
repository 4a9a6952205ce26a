import { Box, Group, Table, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type Row,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useDeferredValue, useEffect, useMemo, useRef } from "react";
import { readOrder, writeOrder } from "./order";

interface Props<T> {
  /** What the table is of, for those who do not see it. */
  label: string;
  rows: readonly T[];
  // biome-ignore lint/suspicious/noExplicitAny: the library's columns differ in the type of their values.
  columns: ColumnDef<T, any>[];
  rowId: (row: T) => string;
  /** Given, the caller (mostly the server) sorts; else the table sorts what it has. */
  sorting?: SortingState;
  onSortingChange?: (sorting: SortingState) => void;
  /** The order that the page's address keeps, as {@link writeOrder} has it; the table itself sorts by it. */
  order?: string;
  onOrderChange?: (order: string | undefined) => void;
  /** False where the rows are read page by page in an order of the server: those that were read, sorted, would look like all of them. */
  sortable?: boolean;
  /** In place of rows where there are none. */
  empty?: ReactNode;
  /** Asked for more when the end comes near. */
  onEndReached?: () => void;
  onRowClick?: (row: T) => void;
  isSelected?: (row: T) => boolean;
  /** Height of the scrolled part in pixels or as CSS; without it the table is as long as its rows (do that below 200). */
  height?: number | string;
  minWidth?: number;
}

const ROW = 38;
const FIRST_HEIGHT = 10 * ROW;

/** A table with sorting, of any length: only the rows in sight are in the page. */
export function DataTable<T>({
  label,
  rows,
  columns,
  rowId,
  sorting,
  onSortingChange,
  order,
  onOrderChange,
  sortable = true,
  empty,
  onEndReached,
  onRowClick,
  isSelected,
  height,
  minWidth = 600,
}: Props<T>) {
  const viewport = useRef<HTMLDivElement>(null);
  // The same for the same address: with another at each rendering the rows would be sorted at each.
  const inAddress = useMemo(() => readOrder(order), [order]);
  const table = useReactTable({
    data: rows as T[],
    columns,
    getRowId: rowId,
    enableSorting: sortable,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    ...(onOrderChange === undefined
      ? {}
      : {
          state: { sorting: inAddress },
          onSortingChange: (next) => onOrderChange(writeOrder(typeof next === "function" ? next(inAddress) : next)),
        }),
    ...(sorting === undefined
      ? {}
      : {
          state: { sorting },
          manualSorting: true,
          // Whoever keeps the order elsewhere always has one: a third click would take it away.
          enableSortingRemoval: false,
          onSortingChange: (next) => onSortingChange?.(typeof next === "function" ? next(sorting) : next),
        }),
  });
  const shown = table.getRowModel().rows;
  const virtual = height !== undefined;
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 8,
    // Rows beyond what is in sight are there already: a step of scrolling is painted first, and the next rows made after it.
    useFlushSync: false,
    // Until it is measured: the columns have their widths from the rows, and would jump.
    initialRect: { width: 0, height: FIRST_HEIGHT },
    enabled: virtual,
  });
  // Scrolling is painted at once, also while rows are made.
  const items = useDeferredValue(virtualizer.getVirtualItems());
  const last = virtual ? items.at(-1)?.index : undefined;

  useEffect(() => {
    if (last !== undefined && last >= shown.length - 20) onEndReached?.();
  }, [last, shown.length, onEndReached]);

  const before = virtual ? (items[0]?.start ?? 0) : 0;
  const after = virtual ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const inSight: { row: Row<T>; index: number }[] = virtual
    ? items.flatMap((item) => (shown[item.index] === undefined ? [] : [{ row: shown[item.index] as Row<T>, index: item.index }]))
    : shown.map((row, index) => ({ row, index }));

  return (
    // The browser's own scrolling: a scroll area that draws its bars itself asks where it stands in each frame, which lays the rows out twice.
    <Box ref={viewport} mah={height} style={{ overflow: "auto" }} tabIndex={0} role="region" aria-label={label}>
      <Table miw={minWidth} highlightOnHover stickyHeader aria-label={label} aria-rowcount={shown.length + 1} className="numeric">
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id} aria-rowindex={1}>
              {group.headers.map((header) => {
                const sorted = header.column.getIsSorted();
                const content = flexRender(header.column.columnDef.header, header.getContext());
                const align = (header.column.columnDef.meta as { align?: "right" } | undefined)?.align;
                return (
                  <Table.Th
                    key={header.id}
                    scope="col"
                    style={{ width: header.column.columnDef.size }}
                    ta={align}
                    aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
                  >
                    {header.column.getCanSort() ? (
                      <UnstyledButton onClick={header.column.getToggleSortingHandler()} fz="sm" fw={700}>
                        <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
                          {content}
                          {sorted === "asc" ? (
                            <IconArrowUp size={14} />
                          ) : sorted === "desc" ? (
                            <IconArrowDown size={14} />
                          ) : (
                            <IconArrowsSort size={14} opacity={0.35} />
                          )}
                        </Group>
                      </UnstyledButton>
                    ) : (
                      content
                    )}
                  </Table.Th>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {before > 0 && (
            <tr aria-hidden>
              <td style={{ height: before, padding: 0 }} colSpan={columns.length} />
            </tr>
          )}
          {inSight.map(({ row, index }) => (
            <BodyRow
              key={row.id}
              row={row}
              index={index}
              columns={columns}
              isSelected={isSelected?.(row.original) === true}
              height={virtual ? ROW : undefined}
              onClick={onRowClick}
            />
          ))}
          {after > 0 && (
            <tr aria-hidden>
              <td style={{ height: after, padding: 0 }} colSpan={columns.length} />
            </tr>
          )}
        </Table.Tbody>
      </Table>
      {shown.length === 0 && (
        <Box py="sm">
          {empty ?? (
            <Text c="dimmed" ta="center" size="sm">
              There is nothing here.
            </Text>
          )}
        </Box>
      )}
    </Box>
  );
}

interface BodyRowProps<T> {
  row: Row<T>;
  index: number;
  /** Others make the row anew: what its cells show may depend on more than the row. */
  // biome-ignore lint/suspicious/noExplicitAny: the library's columns differ in the type of their values.
  columns: ColumnDef<T, any>[];
  isSelected: boolean;
  height: number | undefined;
  onClick: ((row: T) => void) | undefined;
}

/** Scrolling makes only the rows that come into sight, not all that are there. */
const BodyRow = memo(function BodyRow<T>({ row, index, isSelected, height, onClick }: BodyRowProps<T>) {
  return (
    // The library's row and cells without their components, of which there would be ten for each row that scrolls into sight.
    <tr
      className={Table.classes.tr}
      data-hover
      data-with-row-border
      data-index={index}
      aria-rowindex={index + 2}
      onClick={onClick === undefined ? undefined : () => onClick(row.original)}
      style={{
        background: isSelected ? "var(--mantine-primary-color-light)" : undefined,
        cursor: onClick === undefined ? undefined : "pointer",
        height,
      }}
    >
      {row.getVisibleCells().map((cell) => (
        <td
          key={cell.id}
          className={Table.classes.td}
          style={{ textAlign: (cell.column.columnDef.meta as { align?: "right" } | undefined)?.align }}
        >
          {flexRender(cell.column.columnDef.cell, cell.getContext())}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: BodyRowProps<T>) => ReactNode;
