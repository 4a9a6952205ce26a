import { Tabs } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { AsOfBar } from "~/shared/as-of/AsOfBar";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { PageButton } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { useMay } from "~/shared/session/session";
import { CatalogueTab } from "../catalogue/CatalogueTab";
import type { PipelinesSearch } from "../search";
import { PipelinesTable } from "./PipelinesTable";

const route = getRouteApi("/_app/pipelines/");

export function PipelinesPage() {
  const { tab = "pipelines" } = route.useSearch();
  const navigate = route.useNavigate();
  const { at } = useAsOf();
  const mayWrite = useMay("operator") && at === null;
  return (
    <>
      <PageHeader
        title="Pipelines"
        description="Collector configurations with every version that was ever published, and templates to make them from."
        actions={
          mayWrite && (
            <PageButton to="/pipelines/new" leftSection={<IconPlus size={16} />}>
              New pipeline
            </PageButton>
          )
        }
      />
      <Tabs value={tab} onChange={(next) => void navigate({ search: { tab: next as PipelinesSearch["tab"] } })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="pipelines">Pipelines</Tabs.Tab>
          <Tabs.Tab value="catalogue">Catalogue</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="pipelines">
          <AsOfBar scope={{ streamType: "Pipeline" }} what="The list of pipelines" showsEvents />
          <PipelinesTable />
        </Tabs.Panel>
        <Tabs.Panel value="catalogue">
          <CatalogueTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
