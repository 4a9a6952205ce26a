import { Button, Group, Text, Timeline } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { AgentView } from "~/api/schema";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { EventLine } from "~/shared/events/EventLine";
import { sentence } from "~/shared/events/sentences";
import { hostEvents } from "./queries";

/** What happened to the host itself until now, or until a past moment; newest first. */
export function HostEvents({ host, at }: { host: AgentView; at?: string }) {
  const query = useInfiniteQuery(hostEvents(host.streamId, at));
  return (
    <QueryView query={query}>
      {({ pages }) => {
        const events = pages.flatMap((p) => p.items);
        return events.length === 0 ? (
          <EmptyState icon={<IconHistory />} title="Nothing is in the log of this host" />
        ) : (
          <>
            <Group justify="space-between" mb="md">
              <Text size="sm" c="dimmed">
                Of the host itself; what its tasks did is with its tasks.
              </Text>
              <PageLink to="/audit" search={{ streamId: host.streamId }} fz="sm">
                In the audit log
              </PageLink>
            </Group>
            <Timeline bulletSize={16} lineWidth={2}>
              {events.map((event) => (
                <Timeline.Item key={event.sequence} title={sentence(event.type, event.data)}>
                  <EventLine event={event} />
                </Timeline.Item>
              ))}
            </Timeline>
            {query.hasNextPage && (
              <Button variant="default" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show earlier ones
              </Button>
            )}
          </>
        );
      }}
    </QueryView>
  );
}
