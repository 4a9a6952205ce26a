import { ActionIcon, Anchor, AppShell, Burger, Group, NavLink, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { signedOut } from "~/api/client";
import { Later } from "~/shared/components/Later";
import { Logo } from "~/shared/components/Logo";
import { LiveFeed } from "~/shared/live/live";
import { useKeptPreferences } from "~/shared/session/preferences";
import { LiveNotice } from "./LiveNotice";
import { PAGES } from "./pages";
import { UserMenu } from "./UserMenu";
import { useGoKeys } from "./useGoKeys";
import { usePart } from "./usePart";

const loadPalette = () => import("./CommandPalette").then((m) => m.CommandPalette);
const loadHelp = () => import("./ShortcutsHelp").then((m) => m.ShortcutsHelp);

/** What stands around every page: navigation, search, who is signed in, and whether what is shown is live. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [helpOpened, help] = useDisclosure(false);
  const [ShortcutsHelp, askHelp] = usePart(loadHelp);
  const [CommandPalette, askPalette] = usePart(loadPalette);
  const [paletteOpens, setPaletteOpens] = useState(0);
  const openPalette = () => {
    askPalette();
    setPaletteOpens((times) => times + 1);
  };
  const openHelp = () => {
    askHelp();
    help.open();
  };
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
      // Several reads are refused, and while the sign-in comes some more. Who stays for what is not saved is led there at the next refusal.
      if (router.state.location.pathname === "/sign-in") return;
      queries.clear();
      void navigate({ to: "/sign-in", search: { redirect: router.state.location.href } });
    };
    signedOut.addEventListener("signed-out", leave);
    return () => signedOut.removeEventListener("signed-out", leave);
  }, [navigate, queries, router]);

  useEffect(() => router.subscribe("onResolved", close), [router, close]);
  useGoKeys();
  useKeptPreferences();
  useHotkeys([
    ["shift+?", openHelp],
    // Once the palette is there it hears that itself.
    ["mod+K", () => CommandPalette === null && openPalette()],
  ]);

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
            <UserMenu onShortcuts={openHelp} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        <AppShell.Section grow style={{ overflowY: "auto" }}>
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
        <Later>
          <Outlet />
        </Later>
      </AppShell.Main>
      {CommandPalette !== null && <CommandPalette opens={paletteOpens} />}
      {ShortcutsHelp !== null && <ShortcutsHelp opened={helpOpened} onClose={help.close} />}
    </AppShell>
  );
}
