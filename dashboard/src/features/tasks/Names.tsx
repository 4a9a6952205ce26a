import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PageLink } from "~/shared/components/links";
import { UNKNOWN } from "~/shared/format/numbers";
import { experimentName, experimentOf } from "./queries";

export function HostLink({ hostId }: { hostId: string }) {
  return (
    <PageLink fz="sm" style={{ whiteSpace: "nowrap" }} to="/fleet/$hostId" params={{ hostId }}>
      {hostId}
    </PageLink>
  );
}

/** The experiment that a task is for, by its name. */
export function ExperimentLink({ id }: { id: string }) {
  const known = experimentOf(id);
  const name = useQuery({ ...experimentName(known ?? ""), enabled: known !== null }).data;
  if (known === null) return <Text span>{UNKNOWN}</Text>;
  return (
    <PageLink
      fz="sm"
      maw={260}
      display="inline-block"
      style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", verticalAlign: "bottom" }}
      to="/experiments/$id"
      params={{ id: known }}
    >
      {name ?? known.slice(0, 8)}
    </PageLink>
  );
}
