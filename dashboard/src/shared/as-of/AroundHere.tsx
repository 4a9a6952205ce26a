import { Alert, Group, ScrollArea, SegmentedControl, Stack, Text, Timeline, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { AuditEntry } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { EventLine } from "~/shared/events/EventLine";
import { sentence } from "~/shared/events/sentences";
import { AROUND_MINUTES, type Moment, toMicros } from "./moments";
import { type EventScope, eventsAround, MOST_AROUND } from "./queries";
import { useAsOf } from "./useAsOf";

/** What changed around a moment, a few minutes before and after it: who did what, and why. */
export function AroundHere({ at, scope }: { at: Moment; scope: EventScope }) {
  const { around: minutes, setAround } = useAsOf();
  const events = useQuery(eventsAround(scope, at, minutes));
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2} size="h3">
          What changed around here
        </Title>
        <SegmentedControl
          size="xs"
          aria-label="How far around the moment"
          value={String(minutes)}
          onChange={(v) => setAround(Number(v))}
          data={AROUND_MINUTES.map((m) => ({ value: String(m), label: m < 60 ? `± ${m} min` : `± ${m / 60} h` }))}
        />
      </Group>
      <QueryView query={events}>
        {(page) =>
          page.items.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing happened within {minutes} minutes of it.
            </Text>
          ) : (
            <>
              <EventList events={page.items} at={at} />
              {page.next && (
                <Alert color="gray" p="xs">
                  These are the first {MOST_AROUND}. The rest is in the <PageLink to="/audit">audit log</PageLink>.
                </Alert>
              )}
            </>
          )
        }
      </QueryView>
    </Stack>
  );
}

/** Events with those until the moment told from what came after it. */
function EventList({ events, at }: { events: AuditEntry[]; at: Moment }) {
  const moment = toMicros(at);
  const until = events.filter((e) => toMicros(e.timestamp) <= moment).length;
  return (
    <ScrollArea.Autosize mah={320} type="auto" viewportProps={{ tabIndex: 0, role: "region", "aria-label": "Events around the moment" }}>
      <Timeline active={until - 1} bulletSize={12} lineWidth={2}>
        {events.map((e, i) => (
          <Timeline.Item key={e.sequence} lineVariant={i >= until - 1 ? "dashed" : "solid"}>
            <Text size="sm">{sentence(e.type, e.data)}</Text>
            <EventLine event={e}>{i >= until ? " · after the moment" : ""}</EventLine>
          </Timeline.Item>
        ))}
      </Timeline>
    </ScrollArea.Autosize>
  );
}
