import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { UNKNOWN } from "~/shared/format/numbers";
import { experimentName, experimentOf } from "./queries";

export function HostLink({ hostId }: { hostId: string }) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/fleet/$hostId" params={{ hostId }} {...props} />}>
      {hostId}
    </Anchor>
  );
}

/** The experiment that a task is for, by its name. */
export function ExperimentLink({ id }: { id: string }) {
  const known = experimentOf(id);
  const name = useQuery({ ...experimentName(known ?? ""), enabled: known !== null }).data;
  if (known === null) return <Text span>{UNKNOWN}</Text>;
  return (
    <Anchor
      size="sm"
      maw={260}
      display="inline-block"
      style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", verticalAlign: "bottom" }}
      renderRoot={(props) => <Link to="/experiments/$id" params={{ id: known }} {...props} />}
    >
      {name ?? known.slice(0, 8)}
    </Anchor>
  );
}
