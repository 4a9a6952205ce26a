import { Card, Text, Timeline, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { useActorName } from "~/shared/people/people";
import { stepOf } from "./history";
import { history } from "./queries";

/** What happened, and who decided it. */
export function DeploymentHistory({ id }: { id: string }) {
  const events = useQuery(history(id));
  const nameOf = useActorName();
  return (
    <Card component="section" aria-label="History">
      <Title order={2} mb="sm">
        History
      </Title>
      <QueryView query={events}>
        {({ items }) => (
          <Timeline bulletSize={14} lineWidth={2}>
            {items.toReversed().map((event) => {
              const { title, detail } = stepOf(event);
              return (
                <Timeline.Item key={event.sequence} title={title}>
                  <Text size="sm" c="dimmed">
                    <TimeText at={event.timestamp} />, {nameOf(event.actor)}
                  </Text>
                  {detail && <Text size="sm">{detail}</Text>}
                </Timeline.Item>
              );
            })}
          </Timeline>
        )}
      </QueryView>
    </Card>
  );
}
