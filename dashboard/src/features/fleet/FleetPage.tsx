import { Button, Tabs } from "@mantine/core";
import { IconFirstAidKit, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { AsOfBar } from "~/shared/as-of/AsOfBar";
import { Later } from "~/shared/components/Later";
import { PageHeader } from "~/shared/components/PageHeader";
import { count } from "~/shared/format/numbers";
import { targetOf } from "~/shared/hosts/target";
import { type Change, changed } from "~/shared/search/change";
import { words } from "~/shared/search/read";
import { useMay } from "~/shared/session/session";
import { EnrolHost } from "./EnrolHost";
import { GroupForm } from "./GroupForm";
import { GroupMap } from "./GroupMap";
import { HostFilterBar } from "./HostFilterBar";
import { HostTable } from "./HostTable";
import { IncidentDialog } from "./IncidentDialog";
import { Incidents } from "./Incidents";
import { incidents } from "./queries";
import { SummaryTiles } from "./SummaryTiles";
import { FLEET_TABS, type FleetSearch } from "./search";
import { UpgradeForm } from "./UpgradeForm";
import { Upgrades } from "./Upgrades";

const route = getRouteApi("/_app/fleet/");

export function FleetPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayChange = useMay("operator") && search.at === undefined;
  const running = useQuery(incidents).data?.length ?? 0;
  const onSearch = useCallback(
    (change: Change<FleetSearch>) => void navigate({ search: (was) => changed(was, change), replace: true }),
    [navigate],
  );
  const close = () => onSearch({ dialog: undefined });
  const wanted = search.tab ?? "hosts";
  // What was upgraded and which incidents ran at a past moment is told nowhere.
  const tab = search.at !== undefined && (wanted === "upgrades" || wanted === "incidents") ? "hosts" : wanted;
  const open = mayChange ? search.dialog : undefined;

  return (
    <>
      <PageHeader
        title="Fleet"
        description="Hosts with their collectors, and what is done to them."
        actions={
          mayChange && (
            <>
              <Button variant="default" leftSection={<IconFirstAidKit size={16} />} onClick={() => onSearch({ dialog: "incident" })}>
                Declare an incident
              </Button>
              <Button leftSection={<IconPlus size={16} />} onClick={() => onSearch({ dialog: "enrol" })}>
                Enrol a host
              </Button>
            </>
          )
        }
      />
      <AsOfBar scope={{ streamType: "Agent" }} what="The fleet" showsEvents />
      <SummaryTiles at={search.at} />
      <Tabs
        value={tab}
        onChange={(next) => {
          const chosen = FLEET_TABS.find((t) => t === next);
          onSearch({ tab: chosen === "hosts" ? undefined : chosen });
        }}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="hosts">Hosts</Tabs.Tab>
          <Tabs.Tab value="groups">Groups</Tabs.Tab>
          {search.at === undefined && (
            <>
              <Tabs.Tab value="upgrades">Versions and upgrades</Tabs.Tab>
              <Tabs.Tab value="incidents">Incidents{running > 0 && ` (${count(running)})`}</Tabs.Tab>
            </>
          )}
        </Tabs.List>
        <Tabs.Panel value="hosts">
          <Later>
            <HostFilterBar search={search} onChange={onSearch} />
            <HostTable search={search} onSearch={onSearch} />
          </Later>
        </Tabs.Panel>
        <Tabs.Panel value="groups">
          <Later>
            <GroupMap search={search} onSearch={onSearch} />
          </Later>
        </Tabs.Panel>
        <Tabs.Panel value="upgrades">
          <Later>
            <Upgrades search={search} onSearch={onSearch} />
          </Later>
        </Tabs.Panel>
        <Tabs.Panel value="incidents">
          <Later>
            <Incidents onDeclare={() => onSearch({ dialog: "incident" })} />
          </Later>
        </Tabs.Panel>
      </Tabs>
      {open === "enrol" && <EnrolHost onClose={close} />}
      {open === "incident" && (
        <IncidentDialog
          chosen={targetOf({ hosts: words(search.hosts), group: search.group, selector: search.selector })}
          onClose={close}
          onDeclared={() => onSearch({ dialog: undefined, tab: "incidents" })}
        />
      )}
      {open === "upgrade" && <UpgradeForm onClose={close} />}
      {open === "group" && <GroupForm onClose={close} />}
    </>
  );
}
