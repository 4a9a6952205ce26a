import { Button, Card, Text, Timeline, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { PagesView } from "~/shared/components/PagesView";
import { EventLine } from "~/shared/events/EventLine";
import { sentence } from "~/shared/events/sentences";
import { history } from "./queries";

/** What happened, and who decided it; newest first. */
export function DeploymentHistory({ id }: { id: string }) {
  const query = useInfiniteQuery(history(id));
  return (
    <Card component="section" aria-label="History">
      <Title order={2} mb="sm">
        History
      </Title>
      <PagesView query={query}>
        {(events) => (
          <Timeline bulletSize={14} lineWidth={2}>
            {events.map((event) => (
              <Timeline.Item key={event.sequence}>
                <Text size="sm">{sentence(event.type, event.data)}</Text>
                <EventLine event={event} />
              </Timeline.Item>
            ))}
          </Timeline>
        )}
      </PagesView>
      {query.hasNextPage && (
        <Button variant="default" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </Card>
  );
}
