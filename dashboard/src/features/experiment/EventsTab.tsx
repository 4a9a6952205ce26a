import { Button, Group, Switch, Text, Timeline } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ExperimentView, TimelineEntry } from "~/api/schema";
import { type Moment, toMicros } from "~/shared/as-of/moments";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { EventLine } from "~/shared/events/EventLine";
import { sentence } from "~/shared/events/sentences";
import { count } from "~/shared/format/numbers";
import { timeline } from "./queries";

const route = getRouteApi("/_app/experiments/$id");

const OF_WINDOWS = ["window_measured", "window_voided"];

/** Events that are shown: those until the moment, those of windows only where they are asked for. */
export function shown(events: readonly TimelineEntry[], at: Moment | null, withWindows: boolean): TimelineEntry[] {
  const moment = at === null ? null : toMicros(at);
  return events.filter((e) => (withWindows || !OF_WINDOWS.includes(e.type)) && (moment === null || toMicros(e.timestamp) <= moment));
}

/** What happened to the experiment, in sentences: who did it, and why. */
export function EventsTab({ x }: { x: ExperimentView }) {
  const { at, setAt } = useAsOf();
  const { windows = false } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(timeline(x.id));
  return (
    <>
      <Group justify="space-between" mb="md">
        <Switch
          label="Show windows too"
          checked={windows}
          onChange={({ currentTarget: { checked } }) =>
            void navigate({ search: (before) => ({ ...before, windows: checked || undefined }), replace: true, resetScroll: false })
          }
        />
        <PageLink to="/audit" search={{ experimentId: x.id }}>
          With the tasks of its hosts in the audit log
        </PageLink>
      </Group>
      <PagesView query={query}>
        {(all) => {
          const events = shown(all, at, windows);
          const hidden = all.length - events.length;
          return (
            <>
              <EventTimeline events={events} onMoment={setAt} />
              <Group mt="md">
                {query.hasNextPage && (
                  <Button variant="default" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
                    Read on
                  </Button>
                )}
                {hidden > 0 && (
                  <Text size="sm" c="dimmed">
                    {count(hidden)} events of those read are not shown.
                  </Text>
                )}
              </Group>
            </>
          );
        }}
      </PagesView>
    </>
  );
}

export function EventTimeline({ events, onMoment }: { events: readonly TimelineEntry[]; onMoment?: (at: Moment) => void }) {
  return (
    <Timeline bulletSize={12} lineWidth={2} active={events.length}>
      {events.map((e) => (
        <Timeline.Item key={e.version}>
          <Text size="sm">{sentence(e.type, e.data)}</Text>
          <Group gap={6}>
            <EventLine event={e} />
            {onMoment !== undefined && (
              <Button size="compact-xs" variant="subtle" className="no-print" onClick={() => onMoment(e.timestamp)}>
                Show as of then
              </Button>
            )}
          </Group>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
