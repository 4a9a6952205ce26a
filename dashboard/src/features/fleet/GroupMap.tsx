import { Button, Group, SimpleGrid, Text } from "@mantine/core";
import { IconPlus, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { groups } from "~/shared/hosts/queries";
import { useMay } from "~/shared/session/session";
import { GroupBlock } from "./GroupBlock";
import classes from "./hostMap.module.css";
import type { FleetSearch } from "./search";
import { HOST_STATE, HOST_STATES } from "./states";

interface Props {
  search: FleetSearch;
  onSearch: (changes: Partial<FleetSearch>) => void;
}

/** Every group as a block of its hosts. */
export function GroupMap({ search, onSearch }: Props) {
  const query = useQuery(groups);
  const mayChange = useMay("operator") && search.at === undefined;
  const define = (
    <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => onSearch({ dialog: "group" })}>
      Define a group
    </Button>
  );
  return (
    <QueryView query={query}>
      {(all) =>
        all.length === 0 ? (
          <EmptyState icon={<IconServer />} title="No group is defined yet" action={mayChange ? define : undefined}>
            A group names a label selector, such as role=web. Experiments, deployments and incidents can be for a group.
          </EmptyState>
        ) : (
          <>
            {search.at !== undefined && (
              <Text size="sm" c="dimmed" mb="sm">
                Groups that are defined today, each with the hosts that it had then.
              </Text>
            )}
            <Group justify="space-between" mb="sm">
              <Legend past={search.at !== undefined} />
              {mayChange && define}
            </Group>
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
              {all.map((group) => (
                <GroupBlock key={group.name} group={group} at={search.at} mayChange={mayChange} />
              ))}
            </SimpleGrid>
          </>
        )
      }
    </QueryView>
  );
}

function Legend({ past }: { past: boolean }) {
  return (
    <Group gap="md">
      {HOST_STATES.filter((state) => state !== "decommissioned" && !(past && state === "stopped")).map((state) => (
        <Group key={state} gap={6}>
          <span className={`${classes.cell} ${classes[state]}`} aria-hidden />
          <Text size="sm">{HOST_STATE[state].label}</Text>
        </Group>
      ))}
      {!past && (
        <Group gap={6}>
          <span className={`${classes.cell} ${classes.active} ${classes.drift}`} aria-hidden />
          <Text size="sm">Drift</Text>
        </Group>
      )}
    </Group>
  );
}
