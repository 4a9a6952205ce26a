import { Text, Tooltip } from "@mantine/core";
import { useActorName } from "~/shared/people/people";
import { PageLink } from "./links";

const AGENT = "agent:";

/** Who did it, as events say it: a user by name, a host with the way to it, or Phoenix itself. */
export function Actor({ actor }: { actor: string | null | undefined }) {
  const nameOf = useActorName();
  if (actor?.startsWith(AGENT))
    return (
      <PageLink underline="always" to="/fleet/$hostId" params={{ hostId: actor.slice(AGENT.length) }}>
        {nameOf(actor)}
      </PageLink>
    );
  if (!actor || actor === "system") return <>{nameOf(actor)}</>;
  return (
    <Tooltip label={`User ${actor}`}>
      <Text span inherit>
        {nameOf(actor)}
      </Text>
    </Tooltip>
  );
}
