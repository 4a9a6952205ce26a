import { Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { UNKNOWN } from "~/shared/format/numbers";
import { users } from "~/shared/session/users";
import { AnchorLink } from "./AnchorLink";

const AGENT = "agent:";

/** Who did it, as events say it: a user by name, a host with the way to it, or Phoenix itself. */
export function Actor({ actor }: { actor: string | null | undefined }) {
  const known = useQuery({
    ...users,
    enabled: actor !== undefined && actor !== null && actor !== "system" && !actor.startsWith(AGENT),
  }).data;
  if (!actor) return <>{UNKNOWN}</>;
  if (actor === "system") return <>Phoenix</>;
  if (actor.startsWith(AGENT)) {
    const hostId = actor.slice(AGENT.length);
    return (
      <AnchorLink to="/fleet/$hostId" params={{ hostId }} inherit>
        {hostId}
      </AnchorLink>
    );
  }
  const name = known?.find((u) => u.id === actor)?.name;
  return (
    <Tooltip label={name ? `User ${actor}` : `User ${actor}, whose name is not known or was erased`}>
      <Text span inherit>
        {name || actor.slice(0, 8)}
      </Text>
    </Tooltip>
  );
}
