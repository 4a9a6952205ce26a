import { Alert, Group, List, Select, Stack, Text, Tooltip } from "@mantine/core";
import { IconCoins } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { SavingsEntry, WhatIfAnswer } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { whatIf } from "~/shared/experiments/queries";
import { duration, money, UNKNOWN } from "~/shared/format/numbers";
import { entries } from "./queries";

const route = getRouteApi("/_app/savings");
const column = createColumnHelper<WhatIfAnswer>();
const right = { align: "right" } as const;

const columns = [
  column.accessor("vendor", { header: "Vendor" }),
  column.accessor("priceEntry", { header: "Price" }),
  column.accessor((a) => a.saving?.perMonth ?? null, {
    id: "saving",
    header: "Saves a month",
    meta: right,
    sortUndefined: "last",
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((a) => a.saving?.lower ?? null, {
    id: "bounds",
    header: "Between",
    meta: right,
    cell: (c) => {
      const saving = c.row.original.saving;
      return saving?.lower == null || saving.upper == null
        ? UNKNOWN
        : `${money(saving.lower, saving.currency)} and ${money(saving.upper, saving.currency)}`;
    },
  }),
  column.accessor((a) => a.saving?.before.total ?? null, {
    id: "before",
    header: "Bill before",
    meta: right,
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((a) => a.saving?.after.total ?? null, {
    id: "after",
    header: "Bill after",
    meta: right,
    cell: (c) => money(c.getValue(), c.row.original.saving?.currency),
  }),
  column.accessor((a) => a.inCurrency?.amount.amount ?? null, {
    id: "converted",
    header: "Converted",
    meta: right,
    cell: (c) => {
      const { inCurrency, notConverted } = c.row.original;
      return inCurrency !== null ? (
        money(inCurrency.amount.amount, inCurrency.amount.currency)
      ) : notConverted !== null ? (
        <Tooltip label={notConverted.detail}>
          <span>no rate</span>
        </Tooltip>
      ) : (
        UNKNOWN
      );
    },
  }),
  column.accessor((a) => a.saving?.whyNothing ?? a.rejection?.detail ?? "", { id: "why", header: "Remark", enableSorting: false }),
];

/** What one experiment measured, under every vendor's price of the day. */
export function WhatIfTab() {
  return <QueryView query={useQuery(entries)}>{({ items }) => <WhatIf known={items} />}</QueryView>;
}

function WhatIf({ known }: { known: readonly SavingsEntry[] }) {
  const { experiment, currency, sort } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = experiment ?? known.find((e) => e.saving)?.id;
  const answers = useQuery({ ...whatIf(chosen ?? "", null, currency), enabled: chosen !== undefined });

  if (chosen === undefined)
    return (
      <EmptyState icon={<IconCoins />} title="Nothing to price yet">
        Once an experiment has measured a reduction, every vendor's bill for it stands here side by side.
      </EmptyState>
    );
  return (
    <Stack>
      <Group align="flex-end">
        <Select
          label="Experiment"
          searchable
          data={known.flatMap((e) => (e.id === undefined ? [] : [{ value: e.id, label: `${e.experiment} (${e.candidate})` }]))}
          value={chosen}
          onChange={(v) => void navigate({ search: (s) => ({ ...s, experiment: v ?? undefined }), replace: true })}
          w={360}
          maw="100%"
        />
        <Select
          label="Also in"
          placeholder="Its own currency"
          clearable
          data={["USD", "EUR", "GBP", "CHF", "JPY"]}
          value={currency ?? null}
          onChange={(v) => void navigate({ search: (s) => ({ ...s, currency: v ?? undefined }), replace: true })}
          w={170}
        />
      </Group>
      <QueryView query={answers}>
        {(data) => {
          const gaps = [...new Set(data.answers.flatMap((a) => a.saving?.gaps ?? []))];
          return (
            <Stack>
              <Text size="sm" c="dimmed">
                Rests on {data.windows} windows, {duration(data.measuredMinutes * 60)} of a month of 730 hours; prices of {data.on}.
              </Text>
              <DataTable
                label="What the reduction is worth by vendor"
                rows={data.answers}
                columns={columns}
                rowId={(a) => a.priceEntry}
                order={sort}
                onOrderChange={(next) => void navigate({ search: (s) => ({ ...s, sort: next }), replace: true })}
                height={560}
                minWidth={1100}
              />
              {gaps.length > 0 && (
                <Alert color="yellow" title="What these figures do not know">
                  <List size="sm">
                    {gaps.map((gap) => (
                      <List.Item key={gap}>{gap}</List.Item>
                    ))}
                  </List>
                </Alert>
              )}
            </Stack>
          );
        }}
      </QueryView>
    </Stack>
  );
}
