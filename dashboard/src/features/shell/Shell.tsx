import { ActionIcon, Anchor, AppShell, Burger, Group, NavLink, ScrollArea, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { signedOut } from "~/api/client";
import { Logo } from "~/shared/components/Logo";
import { LiveFeed } from "~/shared/live/live";
import { useKeptPreferences } from "~/shared/session/preferences";
import { CommandPalette, openPalette } from "./CommandPalette";
import { LiveNotice } from "./LiveNotice";
import { PAGES } from "./pages";
import { ShortcutsHelp } from "./ShortcutsHelp";
import { UserMenu } from "./UserMenu";
import { useGoKeys } from "./useGoKeys";

/** What stands around every page: navigation, search, who is signed in, and whether what is shown is live. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [helpOpened, help] = useDisclosure(false);
  const navigate = useNavigate();
  const router = useRouter();
  const queries = useQueryClient();
  const feed = useMemo(() => new LiveFeed(queries), [queries]);

  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);

  useEffect(() => {
    const leave = () => {
      queries.clear();
      void navigate({ to: "/sign-in", search: { redirect: router.state.location.href } });
    };
    signedOut.addEventListener("signed-out", leave);
    return () => signedOut.removeEventListener("signed-out", leave);
  }, [navigate, queries, router]);

  useEffect(() => router.subscribe("onResolved", close), [router, close]);
  useGoKeys();
  useKeptPreferences();
  useHotkeys([["shift+?", help.open]]);

  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !opened } }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? "Close navigation" : "Open navigation"}
            />
            <UnstyledButton renderRoot={(props) => <Link to="/" {...props} />} aria-label="Phoenix, overview">
              <Group gap={8} wrap="nowrap">
                <Logo />
                <Text fw={700} size="lg" visibleFrom="xs">
                  Phoenix
                </Text>
              </Group>
            </UnstyledButton>
            <Anchor href="#content" className="skip-link">
              Skip to the page
            </Anchor>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LiveNotice feed={feed} />
            <Tooltip label="Search and commands (Ctrl+K)">
              <ActionIcon variant="default" size="lg" onClick={openPalette} aria-label="Search and commands">
                <IconSearch size={18} />
              </ActionIcon>
            </Tooltip>
            <UserMenu onShortcuts={help.open} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        <AppShell.Section grow component={ScrollArea}>
          {PAGES.map((page) => (
            <NavLink
              key={page.to}
              label={page.label}
              leftSection={<page.icon size={18} stroke={1.6} />}
              renderRoot={(props) => (
                <Link
                  to={page.to}
                  activeOptions={{ exact: page.to === "/" }}
                  activeProps={{ "data-active": true, "aria-current": "page" }}
                  {...props}
                />
              )}
            />
          ))}
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <CommandPalette />
      <ShortcutsHelp opened={helpOpened} onClose={help.close} />
    </AppShell>
  );
}
