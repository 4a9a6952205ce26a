import { Alert, List, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconHandStop } from "@tabler/icons-react";
import type { Overlap, OverlapView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { spaced } from "~/shared/events/sentences";
import { count } from "~/shared/format/numbers";

/** Who else means some of the same hosts, and what to do about it: first what keeps the experiment from starting. */
export function OverlapList({ view }: { view: OverlapView | undefined }) {
  if (view === undefined || view.hosts === 0) return null;
  const blocking = view.overlaps.filter((o) => o.kind === "blocking");
  const warnings = view.overlaps.filter((o) => o.kind === "warning");
  if (view.overlaps.length === 0)
    return (
      <Text size="sm" c="dimmed">
        <IconCircleCheck size={14} style={{ verticalAlign: "-2px" }} aria-hidden /> No other experiment or deployment means these hosts.
      </Text>
    );
  return (
    <>
      {blocking.length > 0 && (
        <Alert color="red" icon={<IconHandStop />} title="Others have some of these hosts: it cannot start on them now">
          <Overlaps of={blocking} />
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="Others mean some of these hosts too">
          <Overlaps of={warnings} />
        </Alert>
      )}
    </>
  );
}

function Overlaps({ of }: { of: Overlap[] }) {
  return (
    <List size="sm" spacing="xs">
      {of.map((o) => (
        <List.Item key={`${o.experimentId}-${o.deploymentId}`}>
          {o.experimentId == null ? (
            <Text span inherit fw={600}>
              Deployment of {o.name}
            </Text>
          ) : (
            <PageLink to="/experiments/$id" params={{ id: o.experimentId }} fw={600}>
              {o.name}
            </PageLink>
          )}{" "}
          ({spaced(o.state)}) on {count(o.sharedHosts)} of them: {shown(o)}. {o.remedy}
        </List.Item>
      ))}
    </List>
  );
}

const SHOWN = 5;

const shown = (o: Overlap): string => {
  const names = o.some.slice(0, SHOWN).map(String).join(", ");
  return o.sharedHosts > SHOWN ? `${names} and ${count(o.sharedHosts - SHOWN)} more` : names;
};
