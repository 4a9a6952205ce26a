import { Alert, Group, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { CostDriver } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { Figure } from "~/shared/components/Figure";
import { QueryView } from "~/shared/components/QueryView";
import { count, decimal, money } from "~/shared/format/numbers";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { useValuedBy } from "~/shared/prices/useValuedBy";
import { NoPrice } from "./NoPrice";
import { trend } from "./queries";
import { DIMENSIONS, type SavingsSearch } from "./search";
import { TrendChart } from "./TrendChart";

const route = getRouteApi("/_app/savings");
const column = createColumnHelper<CostDriver>();
const right = { align: "right" } as const;
const SPANS = ["7", "14", "30", "90", "180", "366"];

export function TrendTab() {
  const { by = "pipeline", days = 30, price } = route.useSearch();
  const navigate = route.useNavigate();
  const dimension = by === "day" ? "pipeline" : by;
  const valued = useValuedBy(price);
  const query = useQuery({ ...trend({ days, by: dimension, price: valued.price }), enabled: valued.price !== undefined });
  const set = (change: Partial<SavingsSearch>) => void navigate({ search: (s) => ({ ...s, ...change }), replace: true });
  const currency = query.data?.currency;

  const columns = useMemo(
    () => [
      column.accessor("key", { header: "Driver", size: 260 }),
      column.accessor("change", { header: "Change a day", meta: right, cell: (c) => money(c.getValue(), currency) }),
      column.accessor("before", { header: "A day before", meta: right, cell: (c) => money(c.getValue(), currency) }),
      column.accessor("after", { header: "A day after", meta: right, cell: (c) => money(c.getValue(), currency) }),
      column.accessor("seriesChange", { header: "Series", meta: right, cell: (c) => count(c.getValue()) }),
    ],
    [currency],
  );

  return (
    <Stack>
      <Group align="flex-end" className="no-print">
        <Select label="Days" data={SPANS} value={String(days)} onChange={(v) => set({ days: Number(v) })} allowDeselect={false} w={110} />
        <Select
          label="Drivers by"
          data={DIMENSIONS.filter((d) => d.value !== "day")}
          value={dimension}
          onChange={(v) => set({ by: DIMENSIONS.find((d) => d.value === v)?.value })}
          allowDeselect={false}
          w={150}
        />
        <PriceSelect value={price} onChange={(v) => set({ price: v })} placeholder="That of the experiments" w={260} />
      </Group>
      {valued.none && <NoPrice />}
      {!valued.none && (
        <QueryView query={query}>
          {(data) => (
            <Stack>
              {data.missing && (
                <Alert color="blue" title="There is no trend yet">
                  {data.missing}
                </Alert>
              )}
              <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
                {data.cost && (
                  <Figure
                    label="Cost a day"
                    value={money(data.cost.level, currency)}
                    hint={`${money(data.cost.perDay, currency)} more each day (95 %: ${money(data.cost.lower, currency)} to ${money(data.cost.upper, currency)})`}
                  />
                )}
                {data.series && (
                  <Figure
                    label="Series"
                    value={count(data.series.level)}
                    hint={`${decimal(data.series.perDay)} more each day (95 %: ${decimal(data.series.lower)} to ${decimal(data.series.upper)})`}
                  />
                )}
                {data.monthEnd && (
                  <Figure
                    label={`Cost of ${data.monthEnd.month.slice(0, 7)} at its end`}
                    value={money(data.monthEnd.estimate, currency)}
                    hint={`95 %: ${money(data.monthEnd.lower, currency)} to ${money(data.monthEnd.upper, currency)}, from ${data.monthEnd.days} days, ${data.monthEnd.daysToCome} to come`}
                  />
                )}
              </SimpleGrid>
              {data.cost && <TrendChart trend={data.cost} from={data.from} to={data.to} price={data.price} currency={currency ?? ""} />}
              {data.drivers.length > 0 && (
                <>
                  <DataTable label="Drivers of cost" rows={data.drivers} columns={columns} rowId={(r) => r.id ?? r.key} height={420} />
                  {data.overlapping && (
                    <Text size="xs" c="dimmed">
                      Rows of groups overlap.
                    </Text>
                  )}
                </>
              )}
            </Stack>
          )}
        </QueryView>
      )}
    </Stack>
  );
}
