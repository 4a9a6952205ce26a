import { Alert, Tabs } from "@mantine/core";
import { IconPlus, IconSnowflake } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PageButton } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { TimeText } from "~/shared/components/TimeText";
import { changePolicy } from "~/shared/deployments/queries";
import { useMay } from "~/shared/session/session";
import { DeploymentsTable } from "./DeploymentsTable";
import { DriftTab } from "./DriftTab";
import { PolicyTab } from "./PolicyTab";
import type { DeploymentsSearch } from "./search";

const route = getRouteApi("/_app/deployments/");

export function DeploymentsPage() {
  const { tab = "deployments" } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("operator");
  const frozen = useQuery(changePolicy).data?.frozen;
  return (
    <>
      <PageHeader
        title="Deployments"
        description="How pipeline versions come to hosts as their production: in waves, each judged by what its hosts report."
        actions={
          mayWrite && (
            <PageButton to="/deployments/new" leftSection={<IconPlus size={16} />}>
              New deployment
            </PageButton>
          )
        }
      />
      {frozen && (
        <Alert color="blue" icon={<IconSnowflake />} title={`Change freeze: ${frozen.name}`} mb="md">
          Until <TimeText at={frozen.until} /> no deployment begins and no further wave does. Rollbacks are never held.
        </Alert>
      )}
      <Tabs value={tab} onChange={(next) => void navigate({ search: { tab: next as DeploymentsSearch["tab"] } })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="deployments">Deployments</Tabs.Tab>
          <Tabs.Tab value="policy">Change policy</Tabs.Tab>
          <Tabs.Tab value="drift">Drift</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="deployments">
          <DeploymentsTable />
        </Tabs.Panel>
        <Tabs.Panel value="policy">
          <PolicyTab />
        </Tabs.Panel>
        <Tabs.Panel value="drift">
          <DriftTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
