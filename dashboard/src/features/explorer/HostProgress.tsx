import { Badge, Group, List, Stack, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconTrash, IconX } from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { ExplorationView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { counted } from "~/shared/format/numbers";

type Host = ExplorationView["hosts"][number];

const LOOK: Record<Host["state"], { icon: ComponentType<{ size?: number; color?: string }>; color: string; label: string }> = {
  running: { icon: IconClock, color: "blue", label: "asked" },
  done: { icon: IconCheck, color: "teal", label: "answered" },
  failed: { icon: IconAlertTriangle, color: "red", label: "failed" },
  cancelled: { icon: IconX, color: "gray", label: "cancelled" },
  expired: { icon: IconTrash, color: "gray", label: "answered; what it found is kept no more" },
};

/** Why a host could not be asked. */
const LEFT_OUT: Record<string, string> = { "agent-too-old": "its agent does not know explorations yet; upgrade it" };

/** How far each host is, and why some said nothing. */
export function HostProgress({ view }: { view: ExplorationView }) {
  const failed = view.hosts.filter((h) => h.error !== null && h.state !== "done");
  return (
    <Stack gap={4}>
      <Group gap={6} role="list" aria-label="Hosts of the exploration">
        {view.hosts.map((host) => {
          const { icon: Icon, color, label } = LOOK[host.state];
          return (
            <Tooltip key={host.taskId} label={`${host.hostId}: ${label}`}>
              <Badge
                role="listitem"
                variant="default"
                tt="none"
                fw={500}
                leftSection={<Icon size={14} color={`var(--mantine-color-${color}-6)`} aria-hidden />}
                aria-label={`${host.hostId}: ${label}`}
              >
                {host.hostId}
              </Badge>
            </Tooltip>
          );
        })}
      </Group>
      {failed.map((host) => (
        <Text key={host.taskId} size="sm">
          {host.hostId}: {host.error}{" "}
          <PageLink to="/tasks" search={{ task: host.taskId }}>
            Its task
          </PageLink>
        </Text>
      ))}
      {view.leftOut.length > 0 && (
        <div>
          <Text size="sm">Meant, and could not be asked: {counted(view.leftOut.length, "host")}</Text>
          <List size="sm">
            {view.leftOut.map((left) => (
              <List.Item key={left.hostId}>
                {left.hostId}: {LEFT_OUT[left.reason] ?? left.reason}
              </List.Item>
            ))}
          </List>
        </div>
      )}
    </Stack>
  );
}
