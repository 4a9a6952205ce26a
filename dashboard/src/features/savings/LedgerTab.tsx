import { Alert, Button, Group, List, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { DateInput } from "@mantine/dates";
import { IconCoins, IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { LedgerRow } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { Figure } from "~/shared/components/Figure";
import { QueryView } from "~/shared/components/QueryView";
import { count, money, percent, short } from "~/shared/format/numbers";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { useValuedBy } from "~/shared/prices/useValuedBy";
import { csvOf } from "./csv";
import { keptPct } from "./kept";
import { NoPrice } from "./NoPrice";
import { ledger } from "./queries";
import { DIMENSIONS, type SavingsSearch } from "./search";
import "@mantine/dates/styles.css";

const route = getRouteApi("/_app/savings");
const column = createColumnHelper<LedgerRow>();
const right = { align: "right" } as const;

export function LedgerTab() {
  const { by = "day", from, to, price, sort } = route.useSearch();
  const navigate = route.useNavigate();
  const valued = useValuedBy(price);
  const query = useQuery({ ...ledger({ by, from, to, price: valued.price }), enabled: valued.price !== undefined });
  const set = (change: Partial<SavingsSearch>) => void navigate({ search: (s) => ({ ...s, ...change }), replace: true });
  const currency = query.data?.currency;

  const columns = useMemo(
    () => [
      column.accessor("key", { header: DIMENSIONS.find((d) => d.value === by)?.label ?? "Row", size: 260 }),
      column.accessor("saved", { header: "Saved", meta: right, cell: (c) => money(c.getValue(), currency) }),
      column.accessor("cost", { header: "Cost", meta: right, cell: (c) => money(c.getValue(), currency) }),
      column.accessor((r) => keptPct(r), { id: "kept", header: "Series kept", meta: right, cell: (c) => percent(c.getValue()) }),
      column.accessor((r) => r.before.series, { id: "before", header: "Series before", meta: right, cell: (c) => count(c.getValue()) }),
      column.accessor((r) => r.after.series, { id: "after", header: "Series after", meta: right, cell: (c) => count(c.getValue()) }),
      column.accessor("hostDays", { header: "Host days", meta: right, cell: (c) => count(c.getValue()) }),
      column.accessor("missedWindows", { header: "Windows missed", meta: right, cell: (c) => count(c.getValue()) }),
    ],
    [by, currency],
  );

  return (
    <Stack>
      <Group align="flex-end" className="no-print">
        <Select
          label="Rows by"
          data={DIMENSIONS}
          value={by}
          onChange={(v) => set({ by: DIMENSIONS.find((d) => d.value === v)?.value })}
          allowDeselect={false}
          w={150}
        />
        <DateInput
          label="From (UTC)"
          value={from ?? null}
          onChange={(v) => set({ from: v ?? undefined })}
          clearable
          valueFormat="YYYY-MM-DD"
          placeholder="30 days ago"
          w={150}
        />
        <DateInput
          label="To (UTC)"
          value={to ?? null}
          onChange={(v) => set({ to: v ?? undefined })}
          clearable
          valueFormat="YYYY-MM-DD"
          placeholder="Today"
          w={150}
        />
        <PriceSelect value={price} onChange={(v) => set({ price: v })} placeholder="That of the experiments" w={260} />
        {query.data !== undefined && query.data.rows.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconDownload size={16} />}
            component="a"
            href={csvOf({ by, from, to, price: query.data.price })}
            download
          >
            CSV
          </Button>
        )}
      </Group>
      {valued.none && <NoPrice />}
      {!valued.none && (
        <QueryView query={query}>
          {(data) => (
            <Stack>
              <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
                <Figure
                  label="Saved this month"
                  value={money(data.thisMonth.saved, currency)}
                  hint="since the first, UTC"
                  icon={<IconCoins size={18} />}
                  color="teal"
                />
                <Figure
                  label="Saved since the beginning"
                  value={money(data.sinceBeginning.saved, currency)}
                  hint={`${count(data.sinceBeginning.days)} days recorded`}
                />
                <Figure label="Saved in these days" value={money(data.total.saved, currency)} hint={`${data.from} to ${data.to}`} />
                <Figure
                  label="Series kept in these days"
                  value={percent(keptPct(data.total))}
                  hint={`${short(data.total.before.series)} to ${short(data.total.after.series)} series, days added up`}
                />
              </SimpleGrid>
              {data.gaps.length > 0 && (
                <Alert color="yellow" title="What these figures do not know">
                  <List size="sm">
                    {data.gaps.map((gap) => (
                      <List.Item key={gap}>{gap}</List.Item>
                    ))}
                  </List>
                </Alert>
              )}
              {by === "day" && data.rows.length > 1 && (
                <Chart
                  label={`Cost and saving by day from ${data.from} to ${data.to}`}
                  option={{
                    legend: { top: 0 },
                    xAxis: { type: "category", data: data.rows.map((r) => r.key) },
                    yAxis: { type: "value", name: currency ?? "" },
                    series: [
                      { name: "Cost", type: "bar", stack: "day", data: data.rows.map((r) => r.cost) },
                      { name: "Saved", type: "bar", stack: "day", data: data.rows.map((r) => r.saved) },
                    ],
                  }}
                />
              )}
              <DataTable
                label="Savings ledger"
                rows={data.rows}
                columns={columns}
                rowId={(r) => r.id ?? r.key}
                order={sort}
                onOrderChange={(next) => set({ sort: next })}
                height={520}
                minWidth={900}
                empty={
                  <EmptyState icon={<IconCoins />} title="Nothing was saved in these days yet">
                    The ledger begins with the first promoted pipeline. A day is added up two hours after its end (UTC).
                  </EmptyState>
                }
              />
              <Text size="xs" c="dimmed">
                Price {data.price}, each day by its price of that day.{" "}
                {data.overlapping && "Rows of groups overlap: the total counts each host once. "}
                {data.until !== null && data.until !== undefined && `Days are added up until ${data.until}.`}
              </Text>
            </Stack>
          )}
        </QueryView>
      )}
    </Stack>
  );
}
