import { Badge, Tooltip } from "@mantine/core";
import { IconCircleCheckFilled, IconCircleOff, IconLogout, IconPlayerPause, IconTrash } from "@tabler/icons-react";
import type { ComponentType } from "react";
import { HOST_STATE, type HostState, isHostState } from "./states";

const ICON: Record<HostState, ComponentType<{ size?: number; color?: string }>> = {
  active: IconCircleCheckFilled,
  stopped: IconLogout,
  lost: IconCircleOff,
  drained: IconPlayerPause,
  decommissioned: IconTrash,
};

export function HostStateIcon({ state, size = 14 }: { state: HostState; size?: number }) {
  const Icon = ICON[state];
  return <Icon size={size} color={`var(--mantine-color-${HOST_STATE[state].color}-${state === "decommissioned" ? 2 : 6})`} aria-hidden />;
}

/** What a host is, in a word, a shape and a colour. */
export function HostStateBadge({ state }: { state: string }) {
  if (!isHostState(state)) return <Badge variant="default">{state}</Badge>;
  return (
    <Tooltip label={HOST_STATE[state].means} multiline maw={300}>
      <Badge variant="default" tt="none" fw={500} miw="max-content" leftSection={<HostStateIcon state={state} />}>
        {HOST_STATE[state].label}
      </Badge>
    </Tooltip>
  );
}
