import { Badge } from "@mantine/core";
import {
  IconArrowBackUp,
  IconCircleCheck,
  IconClock,
  IconHelp,
  IconPencil,
  IconPlayerPlay,
  IconPlayerStop,
  IconRocket,
  IconX,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ExperimentState, VerdictOutcome } from "~/api/schema";
import { CellMark } from "~/shared/components/cells";
import { UNKNOWN } from "~/shared/format/numbers";

/** Where there is one. */
type Outcome = NonNullable<VerdictOutcome>;

const STATES: Record<ExperimentState, { label: string; color: string; icon: ReactNode }> = {
  draft: { label: "Draft", color: "gray", icon: <IconPencil size={12} /> },
  starting: { label: "Starting", color: "blue", icon: <IconClock size={12} /> },
  warmingUp: { label: "Warming up", color: "blue", icon: <IconClock size={12} /> },
  running: { label: "Running", color: "blue", icon: <IconPlayerPlay size={12} /> },
  completing: { label: "Completing", color: "blue", icon: <IconClock size={12} /> },
  completed: { label: "Completed", color: "teal", icon: <IconCircleCheck size={12} /> },
  promoting: { label: "Promoting", color: "grape", icon: <IconRocket size={12} /> },
  promoted: { label: "Promoted", color: "teal", icon: <IconRocket size={12} /> },
  rollingBack: { label: "Rolling back", color: "orange", icon: <IconArrowBackUp size={12} /> },
  rolledBack: { label: "Rolled back", color: "orange", icon: <IconArrowBackUp size={12} /> },
  stopping: { label: "Stopping", color: "gray", icon: <IconPlayerStop size={12} /> },
  stopped: { label: "Stopped", color: "gray", icon: <IconPlayerStop size={12} /> },
};

/** The states of an experiment in the order of its life. */
export const EXPERIMENT_STATES = Object.keys(STATES) as ExperimentState[];

export const stateLabel = (state: ExperimentState): string => STATES[state].label;

/** The state of an experiment, told by word and sign and not by colour alone. */
export function StateBadge({ state }: { state: ExperimentState }) {
  const { label, color, icon } = STATES[state];
  return (
    <Badge variant="default" leftSection={icon} style={{ borderColor: `var(--mantine-color-${color}-outline)` }} tt="none" fw={600}>
      {label}
    </Badge>
  );
}

/** The same in a row of a table. */
export function StateMark({ state }: { state: ExperimentState }) {
  const { label, color, icon } = STATES[state];
  return <CellMark icon={<Coloured by={color}>{icon}</Coloured>}>{label}</CellMark>;
}

/** Signs have the colour of the text around them. */
const Coloured = ({ by, children }: { by: string; children: ReactNode }) => (
  <span aria-hidden style={{ color: `var(--mantine-color-${by}-outline)`, display: "inline-flex" }}>
    {children}
  </span>
);

const OUTCOMES: Record<Outcome, { label: string; color: string; icon: ReactNode }> = {
  promote: { label: "Promote", color: "teal", icon: <IconCircleCheck size={12} /> },
  reject: { label: "Reject", color: "red", icon: <IconX size={12} /> },
  inconclusive: { label: "Inconclusive", color: "yellow", icon: <IconHelp size={12} /> },
};

export const outcomeLabel = (outcome: Outcome): string => OUTCOMES[outcome].label;

export function OutcomeBadge({ outcome }: { outcome: Outcome | null }) {
  if (outcome === null) return <>{UNKNOWN}</>;
  const { label, color, icon } = OUTCOMES[outcome];
  return (
    <Badge variant="default" leftSection={icon} style={{ borderColor: `var(--mantine-color-${color}-outline)` }} tt="none" fw={600}>
      {label}
    </Badge>
  );
}

/** The same in a row of a table. */
export function OutcomeMark({ outcome }: { outcome: Outcome }) {
  const { label, color, icon } = OUTCOMES[outcome];
  return <CellMark icon={<Coloured by={color}>{icon}</Coloured>}>{label}</CellMark>;
}
