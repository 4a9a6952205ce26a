import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Actor } from "~/shared/components/Actor";
import { PageLink } from "~/shared/components/links";
import { TimeText } from "~/shared/components/TimeText";

interface Props {
  event: { sequence: number; timestamp: string; actor: string | null; reason: string | null };
  children?: ReactNode;
}

/** When, who and why, with the way to the event in the audit log. */
export function EventLine({ event, children }: Props) {
  return (
    <Text size="xs" c="dimmed">
      <TimeText at={event.timestamp} /> · <Actor actor={event.actor} />
      {event.reason ? ` · “${event.reason}”` : ""} ·{" "}
      <PageLink to="/audit" search={{ event: event.sequence }} underline="always" aria-label={`Event ${event.sequence} in the audit log`}>
        event {event.sequence}
      </PageLink>
      {children}
    </Text>
  );
}
