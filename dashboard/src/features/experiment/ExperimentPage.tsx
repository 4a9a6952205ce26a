import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ExperimentView } from "~/api/schema";
import { AroundHere } from "~/shared/as-of/AroundHere";
import { AsOfBar } from "~/shared/as-of/AsOfBar";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { QueryView } from "~/shared/components/QueryView";
import { DecisionsTab } from "./DecisionsTab";
import { EventsTab } from "./EventsTab";
import { ExperimentHeader } from "./ExperimentHeader";
import { HostsTab } from "./HostsTab";
import { OverviewTab } from "./overview/OverviewTab";
import { experiment } from "./queries";
import type { Tab } from "./search";

const route = getRouteApi("/_app/experiments/$id");

/** An experiment as it is now, or as it was: what is asked, what was measured, what that proves, and what can be done. */
export function ExperimentPage() {
  const { id } = route.useParams();
  const { at } = useAsOf();
  const query = useQuery(experiment(id, at));
  // The slider goes on when the experiment cannot be shown at a moment, such as before it was written down.
  const now = useQuery({ ...experiment(id, null), enabled: at !== null }).data ?? query.data;
  return (
    <>
      {now !== undefined && <AsOfBar scope={{ experimentId: id }} from={now.draftedAt} what="The experiment" />}
      <QueryView query={query}>{(x) => <Shown x={x} />}</QueryView>
    </>
  );
}

function Shown({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  const select = (chosen: string | null) =>
    void navigate({ search: (before) => ({ ...before, tab: chosen === "overview" || chosen === null ? undefined : (chosen as Tab) }) });
  return (
    <>
      <ExperimentHeader x={x} />
      <Tabs value={tab} onChange={select} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="hosts">Hosts</Tabs.Tab>
          <Tabs.Tab value="decisions">Decisions</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <OverviewTab x={x} />
        </Tabs.Panel>
        <Tabs.Panel value="hosts">
          <HostsTab x={x} />
        </Tabs.Panel>
        <Tabs.Panel value="decisions">
          <DecisionsTab x={x} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          {at !== null && <AroundHere at={at} scope={{ experimentId: x.id }} />}
          <EventsTab x={x} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
