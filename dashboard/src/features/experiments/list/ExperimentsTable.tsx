import { VisuallyHidden } from "@mantine/core";
import type { ColumnDef, SortingState } from "@tanstack/react-table";
import { type ReactNode, useMemo } from "react";
import type { ExperimentSummary } from "~/api/schema";
import { CellLink, CellTick } from "~/shared/components/cells";
import { DataTable } from "~/shared/components/DataTable";
import { TimeText } from "~/shared/components/TimeText";
import { OutcomeMark, StateMark } from "~/shared/experiments/StateBadge";
import { count, duration, money, percent, UNKNOWN } from "~/shared/format/numbers";
import type { Change } from "~/shared/search/change";
import { words } from "~/shared/search/read";
import { BREACHES } from "../breaches";
import { type ListSearch, MOST_PICKED, sortOf, togglePicked } from "./listSearch";
import { RowActions } from "./RowActions";

interface Props {
  rows: ExperimentSummary[];
  search: ListSearch;
  onChange: (change: Change<ListSearch>) => void;
  onEndReached: () => void;
  empty: ReactNode;
}

export function ExperimentsTable({ rows, search, onChange, onEndReached, empty }: Props) {
  const picked = words(search.picked);
  const columns = useMemo<ColumnDef<ExperimentSummary, unknown>[]>(() => {
    const chosen = words(search.picked);
    return [
      {
        id: "pick",
        header: "Pick",
        size: 48,
        enableSorting: false,
        cell: ({ row: { original: x } }) => (
          <CellTick
            label={`Pick ${x.name} to compare`}
            checked={chosen.includes(x.id)}
            disabled={chosen.length >= MOST_PICKED && !chosen.includes(x.id)}
            onChange={() => onChange((was) => ({ picked: togglePicked(words(was.picked), x.id).join(",") || undefined }))}
          />
        ),
      },
      {
        id: "name",
        header: "Name",
        accessorKey: "name",
        cell: ({ row: { original: x } }) => (
          <CellLink
            to="/experiments/$id"
            params={{ id: x.id }}
            maxWidth={260}
            title={`${x.name}: ${x.candidate.name} v${x.candidate.version} against ${x.baseline.name} v${x.baseline.version}`}
          >
            {x.name}
          </CellLink>
        ),
      },
      { id: "state", header: "State", accessorKey: "state", cell: ({ row }) => <StateMark state={row.original.state} /> },
      { id: "verdict", header: "Verdict", enableSorting: false, cell: ({ row }) => <Verdict of={row.original} /> },
      { id: "hosts", header: "Hosts", enableSorting: false, meta: { align: "right" }, cell: ({ row }) => count(row.original.hosts) },
      {
        id: "reduction",
        header: "Fewer series",
        accessorKey: "liveSeriesReductionPct",
        meta: { align: "right" },
        cell: ({ row: { original: x } }) =>
          x.liveSeriesReductionPct == null ? (
            UNKNOWN
          ) : (
            <span title={`Live series, mean over ${count(x.windows)} windows; points ${percent(x.pointsReductionPct)} fewer`}>
              {percent(x.liveSeriesReductionPct)}
            </span>
          ),
      },
      {
        id: "money",
        header: "Saves a month",
        enableSorting: false,
        meta: { align: "right" },
        cell: ({ row: { original: x } }) =>
          x.monthlySaving == null ? (
            UNKNOWN
          ) : (
            <span
              title={`By ${x.monthlySaving.priceEntry}, for what its hosts send; extrapolated from ${duration(60 * x.monthlySaving.extrapolatedFromMinutes)}`}
            >
              {money(x.monthlySaving.perMonth, x.monthlySaving.currency)}
            </span>
          ),
      },
      {
        id: "draftedAt",
        header: "Drafted",
        accessorKey: "draftedAt",
        cell: ({ row }) => <TimeText at={row.original.draftedAt} from="now" />,
      },
      { id: "started", header: "Started", enableSorting: false, cell: ({ row }) => <TimeText at={row.original.startedAt} from="now" /> },
      {
        id: "ends",
        header: "Ends",
        enableSorting: false,
        cell: ({ row: { original: x } }) => (x.state === "running" ? <TimeText at={x.runEndsAt} from="now" /> : UNKNOWN),
      },
      {
        id: "actions",
        header: () => <VisuallyHidden>Actions</VisuallyHidden>,
        size: 44,
        enableSorting: false,
        cell: ({ row }) => <RowActions experiment={row.original} />,
      },
    ];
  }, [search.picked, onChange]);

  const sorting: SortingState = [
    { id: search.sort ?? "draftedAt", desc: (search.order ?? (search.sort === undefined ? "desc" : "asc")) === "desc" },
  ];
  return (
    <DataTable
      label="Experiments"
      rows={rows}
      columns={columns}
      rowId={(x) => x.id}
      sorting={sorting}
      onSortingChange={(next) => onChange(sortOf(next))}
      isSelected={(x) => picked.includes(x.id)}
      onEndReached={onEndReached}
      height="max(320px, calc(100dvh - 320px))"
      minWidth={1020}
      empty={empty}
    />
  );
}

function Verdict({ of: x }: { of: ExperimentSummary }) {
  if (x.breach != null) return <span style={{ color: "var(--mantine-color-error)" }}>{BREACHES[x.breach]}</span>;
  return x.verdict == null ? UNKNOWN : <OutcomeMark outcome={x.verdict} />;
}
