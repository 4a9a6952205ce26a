import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";
import { BudgetsTab } from "./BudgetsTab";
import { LedgerTab } from "./LedgerTab";
import { ProvenTab } from "./ProvenTab";
import { ReturnTab } from "./ReturnTab";
import type { SavingsTab } from "./search";
import { TrendTab } from "./TrendTab";
import { WhatIfTab } from "./WhatIfTab";

const route = getRouteApi("/_app/savings");

export function SavingsPage() {
  const { tab = "ledger" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader
        title="Savings"
        description="What production pipelines sent, what they would have sent before, and what the difference is worth at the margin."
      />
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: (s) => ({ ...s, sort: undefined, tab: next as SavingsTab }) })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="ledger">Ledger</Tabs.Tab>
          <Tabs.Tab value="trend">Trend and forecast</Tabs.Tab>
          <Tabs.Tab value="return">Return</Tabs.Tab>
          <Tabs.Tab value="proven">Experiments</Tabs.Tab>
          <Tabs.Tab value="what-if">What-if prices</Tabs.Tab>
          <Tabs.Tab value="budgets">Budgets</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="ledger">
          <LedgerTab />
        </Tabs.Panel>
        <Tabs.Panel value="trend">
          <TrendTab />
        </Tabs.Panel>
        <Tabs.Panel value="return">
          <ReturnTab />
        </Tabs.Panel>
        <Tabs.Panel value="proven">
          <ProvenTab />
        </Tabs.Panel>
        <Tabs.Panel value="what-if">
          <WhatIfTab />
        </Tabs.Panel>
        <Tabs.Panel value="budgets">
          <BudgetsTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
