import { Badge, Tabs, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { PipelineView } from "~/api/schema";
import { AsOfBar } from "~/shared/as-of/AsOfBar";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { PageButton } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { useMay } from "~/shared/session/session";
import { pipeline } from "../queries";
import type { PipelineSearch } from "../search";
import { ConfigurationTab } from "./ConfigurationTab";
import { EditTab } from "./EditTab";
import { HostsTab } from "./HostsTab";
import { VersionsTab } from "./VersionsTab";

const route = getRouteApi("/_app/pipelines/$id");

export function PipelinePage() {
  const { id } = route.useParams();
  const { at } = useAsOf();
  const found = useQuery(pipeline(id, at));
  return (
    <>
      <AsOfBar scope={{ streamId: id }} what="The pipeline" showsEvents />
      <QueryView query={found}>{(view) => <Page pipeline={view} />}</QueryView>
    </>
  );
}

function Page({ pipeline: p }: { pipeline: PipelineView }) {
  const { tab: wanted = "configuration", version } = route.useSearch();
  const { at } = useAsOf();
  const navigate = route.useNavigate();
  const mayWrite = useMay("operator") && at === null;
  // Where it ran at a moment of the past is told nowhere, and nobody edits the past.
  const tab = at !== null && (wanted === "hosts" || wanted === "edit") ? "configuration" : wanted;
  const shown = version ?? p.latestVersion;
  return (
    <>
      <PageHeader
        title={p.name}
        description={p.description || undefined}
        badge={
          p.deprecated && (
            <Badge color="gray" variant="outline">
              Deprecated
            </Badge>
          )
        }
        actions={
          mayWrite && (
            <>
              <PageButton to="/experiments/new" search={{ candidate: `${p.id}@${shown}` }} variant="default">
                Use in an experiment
              </PageButton>
              <PageButton to="/deployments/new" search={{ pipeline: p.id, version: shown }} leftSection={<IconRocket size={16} />}>
                Deploy v{shown}
              </PageButton>
            </>
          )
        }
      />
      {p.deprecated && (
        <Text size="sm" mb="sm">
          It is deprecated: nothing new can be begun with it. Hosts that run it go on.
        </Text>
      )}
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: (s) => ({ at: s.at, version: s.version, tab: next as PipelineSearch["tab"] }) })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="configuration">Configuration</Tabs.Tab>
          {mayWrite && <Tabs.Tab value="edit">Edit</Tabs.Tab>}
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          {at === null && <Tabs.Tab value="hosts">Hosts</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="configuration">
          <ConfigurationTab pipeline={p} />
        </Tabs.Panel>
        {mayWrite && (
          <Tabs.Panel value="edit">
            <EditTab key={p.id} pipeline={p} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="versions">
          <VersionsTab pipeline={p} />
        </Tabs.Panel>
        <Tabs.Panel value="hosts">
          <HostsTab pipeline={p} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
