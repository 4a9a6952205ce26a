import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";
import { AppearanceTab } from "./AppearanceTab";
import { BackendsTab } from "./BackendsTab";
import { NotificationsTab } from "./NotificationsTab";
import { PricesTab } from "./PricesTab";
import { ProtectedTab } from "./ProtectedTab";
import type { SettingsTab } from "./search";
import { TokensTab } from "./TokensTab";
import { UsersTab } from "./UsersTab";

const route = getRouteApi("/_app/settings");

export function SettingsPage() {
  const { tab = "users" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs value={tab} onChange={(next) => void navigate({ search: { tab: next as SettingsTab } })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="users">Users and roles</Tabs.Tab>
          <Tabs.Tab value="tokens">My tokens</Tabs.Tab>
          <Tabs.Tab value="prices">Price book</Tabs.Tab>
          <Tabs.Tab value="notifications">Notifications</Tabs.Tab>
          <Tabs.Tab value="backends">Metrics backends</Tabs.Tab>
          <Tabs.Tab value="protected">Protected metrics</Tabs.Tab>
          <Tabs.Tab value="appearance">Appearance</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="users">
          <UsersTab />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <TokensTab />
        </Tabs.Panel>
        <Tabs.Panel value="prices">
          <PricesTab />
        </Tabs.Panel>
        <Tabs.Panel value="notifications">
          <NotificationsTab />
        </Tabs.Panel>
        <Tabs.Panel value="backends">
          <BackendsTab />
        </Tabs.Panel>
        <Tabs.Panel value="protected">
          <ProtectedTab />
        </Tabs.Panel>
        <Tabs.Panel value="appearance">
          <AppearanceTab />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
