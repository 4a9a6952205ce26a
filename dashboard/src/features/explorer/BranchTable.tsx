import { ActionIcon, Badge, Card, Group, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconShieldLock } from "@tabler/icons-react";
import type { ColumnDef, SortingState } from "@tanstack/react-table";
import { useMemo } from "react";
import type { ExplorationView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { PageButton } from "~/shared/components/links";
import { count, money, percent, short } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { canFold, experimentFrom } from "./experimentFrom";
import { type ExplorerSearch, isDescending, SORTS } from "./search";
import { type Branch, branches } from "./tree";

interface Props {
  view: ExplorationView;
  search: ExplorerSearch;
  onSearch: (changes: Partial<ExplorerSearch>) => void;
}

/** Metrics with the labels of the opened one and the values of the opened label. */
export function BranchTable({ view, search, onSearch }: Props) {
  const mayChange = useMay("operator");
  const rows = useMemo(() => branches(view, search), [view, search]);
  const columns = useMemo(() => branchColumns(view, mayChange, onSearch), [view, mayChange, onSearch]);
  const sorting: SortingState = [{ id: search.sort ?? "series", desc: isDescending(search) }];
  return (
    <Card padding="sm">
      <DataTable
        label="Metrics, labels and values"
        rows={rows}
        columns={columns}
        rowId={(b) => b.key}
        sorting={sorting}
        onSortingChange={(next) => {
          const sort = SORTS.find((s) => s === next[0]?.id);
          const desc = next[0]?.desc === true;
          onSearch({
            sort: sort === "series" ? undefined : sort,
            order: desc === isDescending({ sort }) ? undefined : desc ? "desc" : "asc",
          });
        }}
        height={560}
        minWidth={900}
        isSelected={(b) => b.opened}
        empty={
          <Text size="sm" c="dimmed" ta="center">
            No metric, label or value is called so.
          </Text>
        }
      />
    </Card>
  );
}

const branchColumns = (view: ExplorationView, mayChange: boolean, onSearch: Props["onSearch"]): ColumnDef<Branch>[] => [
  {
    id: "name",
    header: "Metric, label, value",
    accessorKey: "name",
    cell: ({ row }) => <Name branch={row.original} onSearch={onSearch} />,
  },
  { id: "series", header: "Series", accessorKey: "series", meta: { align: "right" }, cell: ({ row }) => count(row.original.series) },
  {
    id: "share",
    header: "Of all series",
    enableSorting: false,
    meta: { align: "right" },
    cell: ({ row }) => percent(row.original.sharePct),
  },
  {
    id: "values",
    header: "Distinct values",
    enableSorting: false,
    meta: { align: "right" },
    cell: ({ row: { original: b } }) =>
      b.kind === "label" && b.label !== null ? `${b.label.valuesAtLeast ? "≥ " : ""}${count(b.label.values)}` : "",
  },
  {
    id: "samples",
    header: "Samples a minute",
    enableSorting: false,
    meta: { align: "right" },
    cell: ({ row: { original: b } }) => (b.kind === "metric" ? short(b.metric?.samplesPerMinute) : ""),
  },
  {
    id: "cost",
    header: "Cost a month",
    accessorKey: "monthlyCost",
    meta: { align: "right" },
    cell: ({ row }) => money(row.original.monthlyCost, view.currency),
  },
  ...(mayChange
    ? [
        {
          id: "do",
          header: "",
          enableSorting: false,
          cell: ({ row }: { row: { original: Branch } }) => <Act branch={row.original} view={view} />,
        },
      ]
    : []),
];

function Name({ branch, onSearch }: { branch: Branch; onSearch: Props["onSearch"] }) {
  const { metric, label } = branch;
  const opens =
    branch.kind === "metric" && metric !== null && metric.labels.length > 0
      ? { metric: branch.opened ? undefined : metric.name, label: undefined, of: undefined }
      : branch.kind === "label" && metric !== null && label !== null && label.top.length > 0
        ? {
            metric: metric.name,
            label: branch.opened ? undefined : label.name,
            of: branch.opened ? undefined : label.ofResource ? ("resource" as const) : ("point" as const),
          }
        : null;
  return (
    <Group gap={4} wrap="nowrap" pl={branch.depth * 22}>
      {opens === null ? (
        <span style={{ width: 22, flexShrink: 0 }} />
      ) : (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={22}
          aria-expanded={branch.opened}
          aria-label={`${branch.opened ? "Close" : "Open"} ${branch.name}`}
          onClick={() => onSearch(opens)}
        >
          {branch.opened ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
        </ActionIcon>
      )}
      <Text
        size="sm"
        truncate
        maw={420}
        title={branch.name}
        fw={branch.kind === "metric" ? 600 : undefined}
        c={branch.kind === "rest" ? "dimmed" : undefined}
      >
        {branch.name === "" ? "(empty)" : branch.name}
      </Text>
      {branch.kind === "metric" && metric !== null && (
        <>
          {metric.isProtected && (
            <Tooltip label="Protected for the whole organisation: it leaves every pipeline untouched.">
              <Badge variant="default" tt="none" fw={500} leftSection={<IconShieldLock size={14} aria-hidden />} style={{ flexShrink: 0 }}>
                Protected
              </Badge>
            </Tooltip>
          )}
          {metric.atLeast && (
            <Tooltip label="Some host may have it among the metrics that it did not name: its figures are a lower bound.">
              <Badge variant="default" tt="none" fw={500} style={{ flexShrink: 0 }}>
                At least
              </Badge>
            </Tooltip>
          )}
        </>
      )}
      {branch.kind === "label" && label?.ofResource && (
        <Text span size="xs" c="dimmed" style={{ flexShrink: 0 }}>
          resource
        </Text>
      )}
    </Group>
  );
}

/** What can be done about a branch. */
function Act({ branch: { kind, metric, label }, view }: { branch: Branch; view: ExplorationView }) {
  if (metric === null) return null;
  if (kind === "label" && label !== null && canFold(metric, label))
    return (
      <Tooltip label={`Opens a new experiment whose candidate folds ${label.name} of ${metric.name} away on the explored hosts.`}>
        {/* The parts of the address are the wizard's. */}
        <PageButton to="/experiments/new" search={experimentFrom(view, metric, label) as never} size="compact-xs" variant="default">
          Experiment from here
        </PageButton>
      </Tooltip>
    );
  if (kind === "metric" && view.metric === null && (metric.otherLabels > 0 || metric.labels.some((l) => l.otherSeries > 0)))
    return (
      <Tooltip label="Explores the same hosts again, for this metric alone, with more of its labels and values.">
        <InDepth exploration={view.id} hosts={view.hosts.map((h) => h.hostId)} metric={metric.name} price={view.price} />
      </Tooltip>
    );
  return null;
}

function InDepth({ exploration, hosts, metric, price }: { exploration: string; hosts: string[]; metric: string; price: string | null }) {
  return (
    <PageButton
      to="/explorer"
      search={{ exploration, dialog: "explore", hosts: hosts.join(","), metric, price: price ?? undefined }}
      size="compact-xs"
      variant="default"
    >
      In depth
    </PageButton>
  );
}
