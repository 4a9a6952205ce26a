import { Badge } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { SavingsEntry } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { count, duration, money, UNKNOWN } from "~/shared/format/numbers";
import { entries } from "./queries";

/** The document names nothing as required of what the control plane always sends. */
type Entry = Required<SavingsEntry>;

const column = createColumnHelper<Entry>();
const right = { align: "right" } as const;

const STATES: Record<Entry["state"], { label: string; color: string }> = {
  measuring: { label: "Measuring", color: "blue" },
  proven: { label: "Proven", color: "teal" },
  notProven: { label: "Not proven", color: "gray" },
  live: { label: "Live", color: "green" },
  ended: { label: "Ended", color: "gray" },
};

const columns = [
  column.accessor("experiment", {
    header: "Experiment",
    size: 240,
    cell: (c) => (
      <PageLink to="/experiments/$id" params={{ id: c.row.original.id }}>
        {c.getValue()}
      </PageLink>
    ),
  }),
  column.accessor("state", {
    header: "State",
    cell: (c) => (
      <Badge color={STATES[c.getValue()].color} variant="light">
        {STATES[c.getValue()].label}
      </Badge>
    ),
  }),
  column.accessor((e) => e.saving?.perMonth ?? null, {
    id: "saving",
    header: "Saves a month",
    meta: right,
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((e) => e.saving?.baselinePerMonth ?? null, {
    id: "before",
    header: "Bill before",
    meta: right,
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((e) => e.saving?.candidatePerMonth ?? null, {
    id: "after",
    header: "Bill after",
    meta: right,
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((e) => e.saving?.extrapolatedFromMinutes ?? null, {
    id: "from",
    header: "Measured over",
    meta: right,
    cell: (c) => {
      const minutes = c.getValue();
      return minutes === null ? UNKNOWN : duration(minutes * 60);
    },
  }),
  column.accessor("hosts", { header: "Hosts", meta: right, cell: (c) => count(c.getValue()) }),
  column.accessor("liveSince", { header: "Live since", cell: (c) => <TimeText at={c.getValue()} /> }),
  column.accessor("priceEntry", { header: "Price" }),
];

/** What each experiment proved to be worth: the month's bill less, extrapolated from what was measured. */
export function ProvenTab() {
  return (
    <QueryView query={useQuery(entries)}>
      {(data) => (
        <DataTable
          label="Savings by experiment"
          rows={data.items as Entry[]}
          columns={columns}
          rowId={(r) => r.id}
          height={640}
          minWidth={1000}
          empty={
            <EmptyState icon={<IconFlask />} title="No experiment was started yet">
              What an experiment proves to save stands here, and what of it is live.
            </EmptyState>
          }
        />
      )}
    </QueryView>
  );
}
