import { Badge, Checkbox, Group, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ColumnDef } from "@tanstack/react-table";
import type { AgentView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, percent, UNKNOWN } from "~/shared/format/numbers";
import { HostStateBadge } from "./HostStateBadge";
import { productionCollector } from "./hostFigures";
import { labelsOf } from "./queries";
import { DRIFT } from "./states";

interface Context {
  pipelines: Record<string, string>;
  at?: string;
  /** Ticked hosts; null where nothing can be done with them. */
  ticked: ReadonlySet<string> | null;
  onTick: (hostId: string, ticked: boolean) => void;
}

const right = { meta: { align: "right" as const }, enableSorting: false };

/** Columns of the fleet. The control plane lists hosts by id: no column sorts, since only what is loaded could be. */
export function hostColumns({ pipelines, at, ticked, onTick }: Context): ColumnDef<AgentView>[] {
  const columns: ColumnDef<AgentView>[] = [
    {
      id: "host",
      header: "Host",
      enableSorting: false,
      cell: ({ row }) => (
        <PageLink
          fz="sm"
          style={{ whiteSpace: "nowrap" }}
          to="/fleet/$hostId"
          params={{ hostId: row.original.hostId }}
          search={at === undefined ? {} : { at }}
        >
          {row.original.hostId}
        </PageLink>
      ),
    },
    {
      id: "state",
      header: "State",
      enableSorting: false,
      cell: ({ row: { original: host } }) => (
        <Group gap={4} wrap="nowrap">
          <HostStateBadge state={host.state} />
          {host.drift !== null && (
            <Tooltip label={`${DRIFT[host.drift.code] ?? host.drift.code}: ${host.drift.detail}`} multiline maw={360}>
              <Badge
                variant="default"
                tt="none"
                fw={500}
                miw="max-content"
                leftSection={<IconAlertTriangle size={14} color="var(--mantine-color-orange-6)" aria-hidden />}
              >
                Drift
              </Badge>
            </Tooltip>
          )}
          {host.panicAt !== null && (
            <Tooltip
              label="The host's owner put it back by phoenix-agent panic: it refuses changes until that is cleared on the host."
              multiline
              maw={300}
            >
              <Badge variant="default" tt="none" fw={500} miw="max-content">
                Panic
              </Badge>
            </Tooltip>
          )}
        </Group>
      ),
    },
    {
      id: "labels",
      header: "Labels",
      enableSorting: false,
      cell: ({ row }) => <Labels labels={labelsOf(row.original)} />,
    },
    {
      id: "production",
      header: "Production pipeline",
      enableSorting: false,
      cell: ({ row: { original: host } }) => <Production host={host} pipelines={pipelines} at={at} />,
    },
    {
      id: "flow",
      header: "Series in → out",
      ...right,
      cell: ({ row }) => {
        const flow = productionCollector(row.original)?.flow;
        return flow ? `${count(flow.seriesIn)} → ${count(flow.seriesOut)}` : UNKNOWN;
      },
    },
    {
      id: "health",
      header: "Collectors",
      enableSorting: false,
      cell: ({ row: { original: host } }) => <Health host={host} />,
    },
    { id: "cpu", header: "Agent CPU", ...right, cell: ({ row }) => percent(row.original.cpuPercent) },
    { id: "memory", header: "Agent memory", ...right, cell: ({ row }) => bytes(row.original.residentBytes) },
    { id: "version", header: "Version", enableSorting: false, cell: ({ row }) => row.original.agentVersion },
    { id: "seen", header: "Last heard", enableSorting: false, cell: ({ row }) => <TimeText at={row.original.lastSeenAt} from="now" /> },
  ];
  if (ticked === null) return columns;
  return [
    {
      id: "tick",
      header: "",
      enableSorting: false,
      size: 36,
      cell: ({ row: { original: host } }) => (
        <Checkbox
          size="xs"
          aria-label={`Choose ${host.hostId}`}
          checked={ticked.has(host.hostId)}
          onChange={(e) => onTick(host.hostId, e.currentTarget.checked)}
        />
      ),
    },
    ...columns,
  ];
}

function Labels({ labels }: { labels: Record<string, string> }) {
  const all = Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  if (all.length === 0) return <Text c="dimmed">{UNKNOWN}</Text>;
  return (
    <Tooltip label={all.join(", ")} multiline maw={400}>
      <Text size="sm" truncate maw={220}>
        {all.join(", ")}
      </Text>
    </Tooltip>
  );
}

function Production({ host, pipelines, at }: { host: AgentView; pipelines: Record<string, string>; at?: string }) {
  if (host.production === null) return <Text c="dimmed">None</Text>;
  const { pipelineId, pipelineVersion } = host.production;
  return (
    <PageLink
      fz="sm"
      maw={240}
      display="inline-block"
      style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", verticalAlign: "bottom" }}
      to="/pipelines/$id"
      params={{ id: pipelineId }}
      search={{ at }}
    >
      {pipelines[pipelineId] ?? "Pipeline"} v{pipelineVersion}
    </PageLink>
  );
}

function Health({ host }: { host: AgentView }) {
  if (host.heartbeatAt === null || host.collectors.length === 0) return <Text c="dimmed">{UNKNOWN}</Text>;
  const unwell = host.collectors.filter((c) => !c.healthy);
  if (unwell.length === 0) return <>{count(host.collectors.length)} healthy</>;
  return (
    <Tooltip label={unwell.map((c) => `${c.name}: ${c.reason}`).join("; ")} multiline maw={360}>
      <Group gap={4} wrap="nowrap">
        <IconAlertTriangle size={14} color="var(--mantine-color-orange-6)" aria-hidden />
        <Text size="sm" fw={600}>
          {count(unwell.length)} of {count(host.collectors.length)} unhealthy
        </Text>
      </Group>
    </Tooltip>
  );
}
