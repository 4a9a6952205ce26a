import { Badge, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { count, duration } from "~/shared/format/numbers";
import { fleet, queue } from "./queries";

const COLOURS: Record<string, string> = { active: "teal", lost: "red", drained: "yellow" };

/** How the hosts are, and what is to be done on them. */
export function FleetHealth() {
  const hosts = useQuery(fleet);
  const tasks = useQuery(queue);
  return (
    <Section title="Fleet" right={<PageLink to="/fleet">All hosts</PageLink>}>
      <QueryView query={hosts}>
        {(f) => (
          <>
            <Group gap="xs">
              {Object.entries(f.states)
                .filter(([state, n]) => n > 0 || state === "active")
                .map(([state, n]) => (
                  <PageLink key={state} to="/fleet" search={{ state: state as "active" }}>
                    <Badge variant="default" tt="none" style={{ borderColor: `var(--mantine-color-${COLOURS[state] ?? "gray"}-outline)` }}>
                      {count(n)} {state}
                    </Badge>
                  </PageLink>
                ))}
            </Group>
            <Text size="sm">
              Collectors: {count(f.collectors?.healthy)} healthy, {count(f.collectors?.unhealthy)} unhealthy. {count(f.drifted)}{" "}
              {f.drifted === 1 ? "host runs" : "hosts run"} something else than they should.
            </Text>
            <Text size="sm" c="dimmed">
              Agents:{" "}
              {Object.entries(f.versions)
                .map(([version, n]) => `${count(n)} of version ${version}`)
                .join(", ") || "none"}
              .
            </Text>
          </>
        )}
      </QueryView>
      <QueryView query={tasks}>
        {(q) => (
          <Text size="sm">
            <PageLink to="/tasks" underline="always">
              Queue
            </PageLink>
            : {count(q.queued)} queued, {count(q.assigned)} assigned, {count(q.deadLettered)} dead letters
            {q.oldestQueuedSeconds === null ? "" : `; the oldest waits for ${duration(q.oldestQueuedSeconds)}`}.
          </Text>
        )}
      </QueryView>
    </Section>
  );
}
