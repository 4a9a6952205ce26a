import { Badge, Card, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { FleetSummary } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { count, UNKNOWN } from "~/shared/format/numbers";
import { HostStateIcon } from "./HostStateBadge";
import { fleetSummary } from "./queries";
import type { FleetSearch } from "./search";
import { HOST_STATE, HOST_STATES } from "./states";

/** The fleet in numbers; each leads to the hosts that it counts. */
export function SummaryTiles({ at }: { at?: string }) {
  return <QueryView query={useQuery(fleetSummary(at))}>{(summary) => <Tiles summary={summary} at={at} />}</QueryView>;
}

function Tiles({ summary, at }: { summary: FleetSummary; at?: string }) {
  const { collectors, drifted } = summary;
  const versions = Object.entries(summary.versions).sort(([, a], [, b]) => b - a);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} mb="md">
      <Tile label="Hosts" value={count(summary.hosts)}>
        <Group gap="0 12px">
          {HOST_STATES.filter((state) => (summary.states[state] ?? 0) > 0).map((state) => (
            <Filter key={state} search={{ state, at }}>
              <Group gap={4} component="span" display="inline-flex">
                <HostStateIcon state={state} />
                {count(summary.states[state])} {HOST_STATE[state].label.toLowerCase()}
              </Group>
            </Filter>
          ))}
        </Group>
      </Tile>
      <Tile label="Versions of the agent" value={count(versions.length)}>
        <Group gap="0 12px">
          {versions.slice(0, 4).map(([version, hosts]) => (
            <Filter key={version} search={{ version, at }}>
              {version}: {count(hosts)}
            </Filter>
          ))}
          {versions.length > 4 && (
            <Text span size="sm">
              and {count(versions.length - 4)} more
            </Text>
          )}
        </Group>
      </Tile>
      <Tile label="Collectors" value={collectors === null ? UNKNOWN : count(collectors.healthy + collectors.unhealthy)}>
        <Text size="sm">
          {collectors === null ? (
            "Known of now alone: heartbeats are not kept."
          ) : (
            <>
              {count(collectors.healthy)} healthy,{" "}
              {collectors.unhealthy > 0 ? (
                <Filter search={{ unhealthy: true }}>{count(collectors.unhealthy)} unhealthy</Filter>
              ) : (
                "0 unhealthy"
              )}
            </>
          )}
        </Text>
      </Tile>
      <Tile
        label="Drift"
        value={count(drifted)}
        badge={
          (drifted ?? 0) > 0 && (
            <Badge
              variant="default"
              tt="none"
              leftSection={<IconAlertTriangle size={14} color="var(--mantine-color-orange-6)" aria-hidden />}
            >
              differs
            </Badge>
          )
        }
      >
        {drifted === null ? (
          <Text size="sm">Known of now alone: heartbeats are not kept.</Text>
        ) : drifted > 0 ? (
          <Filter search={{ drift: true }}>Hosts that run something else than they should</Filter>
        ) : (
          <Text size="sm">Every host that reports runs what it should.</Text>
        )}
      </Tile>
    </SimpleGrid>
  );
}

function Tile({ label, value, badge, children }: { label: string; value: string; badge?: ReactNode; children: ReactNode }) {
  return (
    <Card>
      <Stack gap={4}>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        <Group gap="xs">
          <Text fz={26} fw={650} lh={1.1} className="numeric">
            {value}
          </Text>
          {badge}
        </Group>
        {children}
      </Stack>
    </Card>
  );
}

function Filter({ search, children }: { search: FleetSearch; children: ReactNode }) {
  return (
    <PageLink fz="sm" to="/fleet" search={search}>
      {children}
    </PageLink>
  );
}
