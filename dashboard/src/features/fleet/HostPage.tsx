import { Alert, Button, Tabs } from "@mantine/core";
import { IconAlertTriangle, IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback } from "react";
import { AsOfBar } from "~/shared/as-of/AsOfBar";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { useMay } from "~/shared/session/session";
import { HostActions } from "./HostActions";
import { HostCollectors } from "./HostCollectors";
import { HostEvents } from "./HostEvents";
import { HostLogs } from "./HostLogs";
import { HostOverview } from "./HostOverview";
import { HostStateBadge } from "./HostStateBadge";
import { HostTasks } from "./HostTasks";
import { HostVersions } from "./HostVersions";
import { host as hostQuery } from "./queries";
import { HOST_TABS, type HostSearch } from "./search";
import { DRIFT } from "./states";

const route = getRouteApi("/_app/fleet/$hostId");

export function HostPage() {
  const { hostId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(hostQuery(hostId, search.at));
  // The slider goes on where the host cannot be shown, such as before it was enrolled.
  const now = useQuery(hostQuery(hostId)).data;
  const mayChange = useMay("operator") && search.at === undefined && !query.isPlaceholderData;
  const onSearch = useCallback(
    (changes: Partial<HostSearch>) => void navigate({ search: (was) => ({ ...was, ...changes }), replace: true }),
    [navigate],
  );
  const wanted = search.tab ?? "overview";
  // What was queued at a past moment is told nowhere, and nobody reads logs of it.
  const tab = search.at !== undefined && (wanted === "tasks" || wanted === "logs") ? "overview" : wanted;
  return (
    <>
      <PageHeader
        title={hostId}
        badge={query.data !== undefined && <HostStateBadge state={query.data.state} />}
        description={
          query.data !== undefined && (
            <>
              {query.data.operatingSystem} {query.data.architecture}, agent {query.data.agentVersion}
              {search.at === undefined && (
                <>
                  , last heard <TimeText at={query.data.lastSeenAt} from="now" />
                </>
              )}
            </>
          )
        }
        actions={
          <>
            <Button
              variant="subtle"
              leftSection={<IconArrowLeft size={16} />}
              renderRoot={(props) => <Link to="/fleet" search={{ at: search.at }} {...props} />}
            >
              Fleet
            </Button>
            {mayChange && query.data !== undefined && <HostActions host={query.data} />}
          </>
        }
      />
      {now !== undefined && <AsOfBar scope={{ streamId: now.streamId }} from={now.enrolledAt} what="The host" showsEvents />}
      <QueryView query={query}>
        {(host) => (
          <>
            {host.drift !== null && (
              <Alert color="orange" icon={<IconAlertTriangle />} title={DRIFT[host.drift.code] ?? host.drift.code} mb="md">
                {host.drift.detail} {mayChange && "The action “Apply production again” mends it."}
              </Alert>
            )}
            {host.panicAt !== null && (
              <Alert color="orange" icon={<IconAlertTriangle />} title="The host's owner has put the host back" mb="md">
                By phoenix-agent panic, <TimeText at={host.panicAt} />. It refuses changes until its owner runs phoenix-agent panic --clear
                on it.
              </Alert>
            )}
            <Tabs
              value={tab}
              onChange={(next) => {
                const chosen = HOST_TABS.find((t) => t === next);
                onSearch({ tab: chosen === "overview" ? undefined : chosen });
              }}
              keepMounted={false}
            >
              <Tabs.List mb="md">
                <Tabs.Tab value="overview">Overview</Tabs.Tab>
                <Tabs.Tab value="collectors">Collectors</Tabs.Tab>
                {search.at === undefined && <Tabs.Tab value="tasks">Tasks</Tabs.Tab>}
                <Tabs.Tab value="versions">Versions over time</Tabs.Tab>
                <Tabs.Tab value="events">Events</Tabs.Tab>
                {mayChange && <Tabs.Tab value="logs">Logs</Tabs.Tab>}
              </Tabs.List>
              <Tabs.Panel value="overview">
                <HostOverview host={host} at={search.at} />
              </Tabs.Panel>
              <Tabs.Panel value="collectors">
                <HostCollectors host={host} at={search.at} />
              </Tabs.Panel>
              <Tabs.Panel value="tasks">
                <HostTasks hostId={hostId} />
              </Tabs.Panel>
              <Tabs.Panel value="versions">
                <HostVersions hostId={hostId} at={search.at} />
              </Tabs.Panel>
              <Tabs.Panel value="events">
                <HostEvents host={host} at={search.at} />
              </Tabs.Panel>
              {mayChange && (
                <Tabs.Panel value="logs">
                  <HostLogs host={host} search={search} onSearch={onSearch} />
                </Tabs.Panel>
              )}
            </Tabs>
          </>
        )}
      </QueryView>
    </>
  );
}
