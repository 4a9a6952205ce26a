import { Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { ContractOverride, ExchangeRate, OperatorRatesSet, PriceEntry } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { decimal, money, percent } from "~/shared/format/numbers";
import { prices } from "~/shared/prices/prices";
import { useMay } from "~/shared/session/session";
import { ContractModal } from "./ContractModal";
import { ExchangeRateModal } from "./ExchangeRateModal";
import { OperatorRatesModal } from "./OperatorRatesModal";
import { PriceDrawer } from "./PriceDrawer";
import { contracts, exchangeRates, operatorRates } from "./queries";
import type { SettingsSearch } from "./search";

const route = getRouteApi("/_app/settings");

type Removing = { title: string; run: (reason: string) => Promise<unknown> } | null;

const entry = createColumnHelper<PriceEntry>();
const contract = createColumnHelper<ContractOverride>();
const rate = createColumnHelper<ExchangeRate>();
const own = createColumnHelper<OperatorRatesSet>();
const right = { align: "right" } as const;

/** What money is reckoned by: list prices, the own contracts, rates of own machines and of currencies, each from a day on. */
export function PricesTab() {
  const mayAdmin = useMay("admin");
  const { sort, price } = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<SettingsSearch>) =>
    void navigate({ search: (s) => ({ ...s, ...change }), replace: true, resetScroll: false });
  const book = useQuery(prices());
  const looking = book.data?.items.find((p) => p.id === price);
  const [adding, setAdding] = useState<"contract" | "operator" | "exchange" | null>(null);
  const [removing, setRemoving] = useState<Removing>(null);
  const remove = (what: Removing) => (
    <Button size="compact-xs" variant="default" onClick={() => setRemoving(what)}>
      Remove
    </Button>
  );
  const actions = { id: "actions", header: () => <span>Actions</span>, enableSorting: false };

  return (
    <Stack>
      <Title order={2}>Prices</Title>
      <QueryView query={book}>
        {({ items }) => (
          <DataTable
            label="Prices of today"
            rows={items}
            rowId={(p) => `${p.id} ${p.validFrom}`}
            height={420}
            minWidth={820}
            onRowClick={(p) => set({ price: p.id })}
            order={sort}
            onOrderChange={(next) => set({ sort: next })}
            columns={[
              entry.accessor("vendor", { header: "Vendor" }),
              entry.accessor("name", {
                header: "Plan",
                cell: (c) => (
                  <Button variant="subtle" size="compact-sm" onClick={() => set({ price: c.row.original.id })}>
                    {c.getValue()}
                  </Button>
                ),
              }),
              entry.accessor("currency", { header: "Currency" }),
              entry.accessor("validFrom", { header: "Valid from" }),
              entry.accessor("confidence", {
                header: "Confidence in rates",
                cell: (c) => (
                  <Badge variant="light" color={c.getValue() === "high" ? "teal" : c.getValue() === "medium" ? "yellow" : "red"}>
                    {c.getValue()}
                  </Badge>
                ),
              }),
              entry.accessor("origin", { header: "From", cell: (c) => (c.getValue() === "list" ? "list price" : "yourselves") }),
            ]}
          />
        )}
      </QueryView>

      <Heading
        title="Contracts"
        text="What your contract says instead of a list price."
        onAdd={mayAdmin ? () => setAdding("contract") : undefined}
        add="Write down a contract"
      />
      <QueryView query={useQuery(contracts)}>
        {(all) => (
          <DataTable
            label="Contracts"
            rows={all}
            rowId={(c) => c.id}
            minWidth={720}
            empty={
              <EmptyState title="No contract is written down">
                Savings are reckoned by list prices, which are mostly dearer than what you pay.
              </EmptyState>
            }
            columns={[
              contract.accessor("id", { header: "Name" }),
              contract.accessor("entry", { header: "Price" }),
              contract.accessor("validFrom", { header: "From" }),
              contract.accessor("validUntil", { header: "Until" }),
              contract.accessor("discountPct", { header: "Discount", meta: right, cell: (c) => percent(c.getValue()) }),
              contract.accessor("minimumPerMonth", {
                header: "Committed a month",
                meta: right,
                cell: (c) => money(c.getValue(), c.row.original.currency),
              }),
              contract.accessor("source", { header: "Source" }),
              ...(mayAdmin
                ? [
                    contract.display({
                      ...actions,
                      cell: (c) =>
                        remove({
                          title: `Remove contract ${c.row.original.id}`,
                          run: (reason) =>
                            call(api.DELETE("/api/v2/contracts/{id}", { params: { path: { id: c.row.original.id }, query: { reason } } })),
                        }),
                    }),
                  ]
                : []),
            ]}
          />
        )}
      </QueryView>

      <Heading
        title="Rates of own machines"
        text="What a core, memory and storage cost you: the cost of experiments and net savings rest on them."
        onAdd={mayAdmin ? () => setAdding("operator") : undefined}
        add="Set rates"
      />
      <QueryView query={useQuery(operatorRates)}>
        {(all) => (
          <DataTable
            label="Rates of own machines"
            rows={all}
            rowId={(r) => r.on}
            minWidth={720}
            empty={
              <EmptyState title="No rates are set">
                Without them an experiment has no cost and a saving no net: no default would be right for anybody.
              </EmptyState>
            }
            columns={[
              own.accessor("on", { header: "From" }),
              own.accessor((r) => r.rates.perCoreHour, {
                id: "core",
                header: "A core hour",
                meta: right,
                cell: (c) => `${decimal(c.getValue(), 4)} ${c.row.original.rates.currency}`,
              }),
              own.accessor((r) => r.rates.perMemoryGigabyteHour, {
                id: "memory",
                header: "A GB hour of memory",
                meta: right,
                cell: (c) => `${decimal(c.getValue(), 4)} ${c.row.original.rates.currency}`,
              }),
              own.accessor((r) => r.rates.perStorageGigabyteMonth, {
                id: "storage",
                header: "A GB month of storage",
                meta: right,
                cell: (c) => `${decimal(c.getValue(), 4)} ${c.row.original.rates.currency}`,
              }),
              own.accessor("source", { header: "Source" }),
              ...(mayAdmin
                ? [
                    own.display({
                      ...actions,
                      cell: (c) =>
                        remove({
                          title: `Remove the rates of ${c.row.original.on}`,
                          run: (reason) =>
                            call(
                              api.DELETE("/api/v2/operator-rates/{on}", { params: { path: { on: c.row.original.on }, query: { reason } } }),
                            ),
                        }),
                    }),
                  ]
                : []),
            ]}
          />
        )}
      </QueryView>

      <Heading
        title="Exchange rates"
        text="Nothing is converted but by a rate that is written down here."
        onAdd={mayAdmin ? () => setAdding("exchange") : undefined}
        add="Set a rate"
      />
      <QueryView query={useQuery(exchangeRates)}>
        {(all) => (
          <DataTable
            label="Exchange rates"
            rows={all}
            rowId={(r) => `${r.from}${r.to}${r.on}`}
            minWidth={560}
            empty={<EmptyState title="No rate is set">Amounts are shown in the currency of their price.</EmptyState>}
            columns={[
              rate.accessor("from", { header: "From" }),
              rate.accessor("to", { header: "To" }),
              rate.accessor("rate", { header: "Rate", meta: right, cell: (c) => decimal(c.getValue(), 4) }),
              rate.accessor("on", { header: "From the day" }),
              rate.accessor("source", { header: "Source" }),
              ...(mayAdmin
                ? [
                    rate.display({
                      ...actions,
                      cell: (c) => {
                        const { from, to, on } = c.row.original;
                        return remove({
                          title: `Remove the rate ${from} to ${to} of ${on}`,
                          run: (reason) =>
                            call(
                              api.DELETE("/api/v2/exchange-rates/{from}/{to}/{on}", {
                                params: { path: { from, to, on }, query: { reason } },
                              }),
                            ),
                        });
                      },
                    }),
                  ]
                : []),
            ]}
          />
        )}
      </QueryView>

      {looking !== undefined && <PriceDrawer entry={looking} onClose={() => set({ price: undefined })} />}
      {adding === "contract" && <ContractModal onClose={() => setAdding(null)} />}
      {adding === "operator" && <OperatorRatesModal onClose={() => setAdding(null)} />}
      {adding === "exchange" && <ExchangeRateModal onClose={() => setAdding(null)} />}
      <ReasonModal
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={removing?.title ?? ""}
        confirm="Remove"
        danger
        done="Removed."
        action={(reason) => removing?.run(reason) ?? Promise.resolve()}
      >
        What was priced by it keeps its figures; what is reckoned from now on does not know it.
      </ReasonModal>
    </Stack>
  );
}

function Heading({ title, text, add, onAdd }: { title: string; text: string; add: string; onAdd?: () => void }) {
  return (
    <Group justify="space-between" mt="md">
      <div>
        <Title order={2}>{title}</Title>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
      {onAdd !== undefined && (
        <Button variant="default" leftSection={<IconPlus size={16} />} onClick={onAdd}>
          {add}
        </Button>
      )}
    </Group>
  );
}
