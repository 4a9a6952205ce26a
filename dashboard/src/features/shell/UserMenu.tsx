import { ActionIcon, Menu, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun, IconUser } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, call } from "~/api/client";
import { zoneName } from "~/shared/format/times";
import { usePreferences, useSetPreferences } from "~/shared/session/preferences";
import { useMe } from "~/shared/session/session";

/** Who is signed in, and how the dashboard looks to them. */
export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const user = useMe();
  return (
    <Menu width={240} position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`Account of ${user?.name ?? "…"}`}>
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Choices onShortcuts={onShortcuts} />
      </Menu.Dropdown>
    </Menu>
  );
}

function Choices({ onShortcuts }: { onShortcuts: () => void }) {
  const user = useMe();
  const { colorScheme } = useMantineColorScheme();
  const { timeZone } = usePreferences();
  const { setColourScheme, setTimeZone } = useSetPreferences();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => call(api.DELETE("/api/v2/auth/session")),
    onSuccess: async () => {
      queries.clear();
      await navigate({ to: "/sign-in" });
    },
  });

  return (
    <>
      <Menu.Label>
        <Text size="sm" fw={600}>
          {user?.name}
        </Text>
        <Text size="xs">{user?.role}</Text>
      </Menu.Label>
      <Menu.Divider />
      <Menu.Label>Colours</Menu.Label>
      {(
        [
          ["light", "Light", IconSun],
          ["dark", "Dark", IconMoon],
          ["auto", "As the system", IconDeviceDesktop],
        ] as const
      ).map(([scheme, label, Icon]) => (
        <Menu.Item
          key={scheme}
          leftSection={<Icon size={16} />}
          onClick={() => setColourScheme(scheme)}
          fw={colorScheme === scheme ? 700 : undefined}
          aria-current={colorScheme === scheme}
        >
          {label}
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Label>Times</Menu.Label>
      {(["local", "UTC"] as const).map((zone) => (
        <Menu.Item key={zone} onClick={() => setTimeZone(zone)} fw={timeZone === zone ? 700 : undefined} aria-current={timeZone === zone}>
          {zone === "local" ? `This browser's zone (${zoneName("local")})` : "UTC"}
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShortcuts}>
        Keyboard
      </Menu.Item>
      <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
        Sign out
      </Menu.Item>
    </>
  );
}
