import { IconAlertTriangle } from "@tabler/icons-react";
import type { ColumnDef } from "@tanstack/react-table";
import type { ReactNode } from "react";
import type { AgentView } from "~/api/schema";
import { CellLink, CellMark, CellNothing, CellText, CellTick } from "~/shared/components/cells";
import classes from "~/shared/components/cells.module.css";
import { TimeText } from "~/shared/components/TimeText";
import { bytes, count, percent, UNKNOWN } from "~/shared/format/numbers";
import { HostStateIcon } from "./HostStateBadge";
import { productionCollector } from "./hostFigures";
import { labelsOf } from "./queries";
import { DRIFT, HOST_STATE, isHostState } from "./states";

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
        <CellLink to="/fleet/$hostId" params={{ hostId: row.original.hostId }} search={at === undefined ? {} : { at }}>
          {row.original.hostId}
        </CellLink>
      ),
    },
    {
      id: "state",
      header: "State",
      enableSorting: false,
      cell: ({ row: { original: host } }) => (
        <div className={classes.marks}>
          <State state={host.state} />
          {host.drift !== null && <Warning title={`${DRIFT[host.drift.code] ?? host.drift.code}: ${host.drift.detail}`}>Drift</Warning>}
          {host.panicAt !== null && (
            <Warning title="The host's owner put it back by phoenix-agent panic: it refuses changes until that is cleared on the host.">
              Panic
            </Warning>
          )}
        </div>
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
        <CellTick label={`Choose ${host.hostId}`} checked={ticked.has(host.hostId)} onChange={(checked) => onTick(host.hostId, checked)} />
      ),
    },
    ...columns,
  ];
}

function State({ state }: { state: string }) {
  if (!isHostState(state)) return state;
  return (
    <CellMark icon={<HostStateIcon state={state} />} title={HOST_STATE[state].means}>
      {HOST_STATE[state].label}
    </CellMark>
  );
}

const Warning = ({ title, children }: { title: string; children: ReactNode }) => (
  <CellMark icon={<IconAlertTriangle size={14} color="var(--mantine-color-orange-6)" aria-hidden />} title={title}>
    {children}
  </CellMark>
);

function Labels({ labels }: { labels: Record<string, string> }) {
  const all = Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  return all.length === 0 ? <CellNothing>{UNKNOWN}</CellNothing> : <CellText maxWidth={220}>{all.join(", ")}</CellText>;
}

function Production({ host, pipelines, at }: { host: AgentView; pipelines: Record<string, string>; at?: string }) {
  if (host.production === null) return <CellNothing>None</CellNothing>;
  const { pipelineId, pipelineVersion } = host.production;
  const name = `${pipelines[pipelineId] ?? "Pipeline"} v${pipelineVersion}`;
  return (
    <CellLink to="/pipelines/$id" params={{ id: pipelineId }} search={{ at }} maxWidth={240} title={name}>
      {name}
    </CellLink>
  );
}

function Health({ host }: { host: AgentView }) {
  if (host.heartbeatAt === null || host.collectors.length === 0) return <CellNothing>{UNKNOWN}</CellNothing>;
  const unwell = host.collectors.filter((c) => !c.healthy);
  if (unwell.length === 0) return `${count(host.collectors.length)} healthy`;
  return (
    <Warning title={unwell.map((c) => `${c.name}: ${c.reason}`).join("; ")}>
      {count(unwell.length)} of {count(host.collectors.length)} unhealthy
    </Warning>
  );
}
