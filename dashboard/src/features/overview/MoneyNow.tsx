import { Group, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { FlowDimension, FlowRow, FlowView } from "~/api/schema";
import { CellLink } from "~/shared/components/cells";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { TimeText } from "~/shared/components/TimeText";
import { count, money, percent } from "~/shared/format/numbers";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { flow } from "./queries";
import { DIMENSIONS } from "./search";

const route = getRouteApi("/_app/");
const TABLE = 420;
const column = createColumnHelper<FlowRow>();

/** What goes through production now, and what each metric, service or namespace costs. */
export function MoneyNow({ price, asking, isChosen }: { price: string | undefined; asking: boolean; isChosen: boolean }) {
  const { by = "metric" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery({ ...flow(by, price), enabled: !asking });
  return (
    <Section
      title="Money now"
      says="What goes through the production collectors, and each row's share of the month's bill if it went on like this."
      right={
        <Group gap="xs" align="flex-end">
          <SegmentedControl
            size="sm"
            aria-label="By what"
            value={by}
            onChange={(v) =>
              void navigate({
                search: (before) => ({ ...before, by: v === "metric" ? undefined : (v as FlowDimension) }),
                replace: true,
                resetScroll: false,
              })
            }
            data={DIMENSIONS}
          />
          <PriceSelect
            label={undefined}
            aria-label="Price"
            placeholder="No price"
            // Without a chosen one the usual one holds again: that cannot be cleared away.
            clearable={isChosen}
            w={260}
            value={price}
            onChange={(p) => void navigate({ search: (before) => ({ ...before, price: p }), replace: true, resetScroll: false })}
          />
        </Group>
      }
    >
      <QueryView query={query} loading={<Skeleton h={TABLE} role="status" aria-label="Loading" />}>
        {(view) => <Flow view={view} />}
      </QueryView>
    </Section>
  );
}

function Flow({ view }: { view: FlowView }) {
  const { currency, by } = view;
  const priced = currency !== null && view.priceProblem === null;
  const columns = useMemo(
    () => [
      column.accessor("key", {
        header: DIMENSIONS.find((d) => d.value === by)?.label ?? by,
        cell: (c) =>
          by === "metric" && c.row.original !== view.other ? (
            <CellLink to="/explorer" search={{ metric: c.getValue() }}>
              {c.getValue()}
            </CellLink>
          ) : (
            c.getValue()
          ),
      }),
      ...(priced
        ? [
            column.accessor("monthlyCostOut", {
              header: "Costs a month",
              meta: { align: "right" },
              cell: (c) => money(c.getValue(), currency),
            }),
            column.accessor((r) => (r.monthlyCostIn ?? 0) - (r.monthlyCostOut ?? 0), {
              id: "saved",
              header: "Reduced by, a month",
              meta: { align: "right" },
              cell: (c) => money(c.getValue(), currency),
            }),
          ]
        : []),
      column.accessor("seriesOut", { header: "Series out", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor("seriesIn", { header: "Series in", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
      column.accessor((r) => (r.seriesIn > 0 ? 100 * (1 - r.seriesOut / r.seriesIn) : null), {
        id: "reduced",
        header: "Fewer",
        meta: { align: "right" },
        cell: (c) => percent(c.getValue()),
      }),
      column.accessor("samplesPerMinuteOut", { header: "Samples a minute", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
    ],
    [by, currency, priced, view.other],
  );
  const rows = view.truncated ? [...view.rows, view.other] : view.rows;
  if (view.hosts === 0)
    return (
      <EmptyState title="Nothing is told of now">
        No production collector has told of its flow within the last minutes. {count(view.silentHosts)}{" "}
        {view.silentHosts === 1 ? "host is" : "hosts are"} silent: nothing runs there, or their agents are too old to tell.
      </EmptyState>
    );
  return (
    <>
      {view.priceProblem !== null && (
        <Text size="sm" c="dimmed">
          No money is told: {view.priceProblem}
        </Text>
      )}
      <DataTable label="Money now" rows={rows} columns={columns} rowId={(r) => r.key} height={TABLE} minWidth={760} />
      <Text size="xs" c="dimmed">
        {count(view.total.seriesOut)} of {count(view.total.seriesIn)} series leave
        {priced ? `, ${money(view.total.monthlyCostOut, currency)} a month` : ""}. Told by {count(view.hosts)}{" "}
        {view.hosts === 1 ? "host" : "hosts"}
        {view.silentHosts > 0 ? `; of ${count(view.silentHosts)} more it is not known` : ""}, the oldest report{" "}
        <TimeText at={view.asOf} from="now" />.
        {view.approximate ? " Some hosts have more streams than they can tell apart: their series are an estimate." : ""}
      </Text>
    </>
  );
}
