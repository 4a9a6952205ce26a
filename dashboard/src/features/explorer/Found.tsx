import { Alert, Card, Group, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Figure } from "~/shared/components/Figure";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { count, duration, money, short } from "~/shared/format/numbers";
import { useActorName } from "~/shared/people/people";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { BranchTable } from "./BranchTable";
import { ExplorationState } from "./Explorations";
import { HostProgress } from "./HostProgress";
import { exploration } from "./queries";
import { SeriesMap } from "./SeriesMap";
import type { ExplorerSearch } from "./search";

interface Props {
  id: string;
  search: ExplorerSearch;
  onSearch: (changes: Partial<ExplorerSearch>) => void;
}

/** What one exploration has found: as a map and as a table, which open the same branch. */
export function Found({ id, search, onSearch }: Props) {
  const query = useQuery(exploration(id, search.price));
  const name = useActorName();
  return (
    <QueryView query={query}>
      {(view) => (
        <Stack gap="md">
          <Card>
            <Stack gap="xs">
              <Group gap="sm">
                <ExplorationState state={view.state} />
                <Text size="sm">
                  {view.metric === null ? "Metrics with most series" : `In depth: ${view.metric}`}, asked <TimeText at={view.askedAt} /> by{" "}
                  {name(view.actor)}
                </Text>
              </Group>
              <HostProgress view={view} />
            </Stack>
          </Card>
          <SimpleGrid cols={{ base: 2, md: 4 }}>
            <Figure
              label="Series"
              value={<span title={count(view.totalSeries)}>{short(view.totalSeries)}</span>}
              hint={
                view.untrackedPoints > 0
                  ? `At least: ${count(view.untrackedPoints)} points were of streams that hosts could not tell apart.`
                  : "Classic Prometheus series, of all hosts that answered."
              }
            />
            <Figure
              label="Metrics"
              value={count(view.metrics.length)}
              hint={view.otherSeries > 0 ? `Others have ${count(view.otherSeries)} series.` : "All of them."}
            />
            <Figure
              label="Samples a minute"
              value={short(view.samplesPerMinute)}
              hint={view.sampleSeconds > 0 ? `From up to ${duration(view.sampleSeconds)} of input.` : "A sample of one moment has no rate."}
            />
            <Figure
              label="Cost a month"
              value={money(view.monthlyCost, view.currency)}
              hint={view.price === null ? "Choose a price." : "Its share of the bill of all that is known to come in."}
            />
          </SimpleGrid>
          {view.priceProblem !== null && (
            <Alert color="yellow" title="No money is told">
              {view.priceProblem}
            </Alert>
          )}
          <Group align="flex-end" gap="sm">
            <TextInput
              label="Find"
              size="xs"
              w={{ base: "100%", xs: 260 }}
              leftSection={<IconSearch size={14} />}
              placeholder="A metric, a label or a value"
              value={search.find ?? ""}
              onChange={(e) => onSearch({ find: e.currentTarget.value === "" ? undefined : e.currentTarget.value })}
            />
            <PriceSelect
              size="xs"
              w={{ base: "100%", xs: 280 }}
              value={search.price ?? view.price ?? undefined}
              // Without a chosen one that of the exploration holds again: that cannot be cleared away.
              clearable={search.price !== undefined}
              onChange={(price) => onSearch({ price })}
            />
            {view.monthlyCost !== null && (
              <SegmentedControl
                size="xs"
                aria-label="What areas stand for"
                value={search.area ?? "series"}
                onChange={(area) => onSearch({ area: area === "cost" ? "cost" : undefined })}
                data={[
                  { value: "series", label: "Areas are series" },
                  { value: "cost", label: "Areas are money" },
                ]}
              />
            )}
          </Group>
          {view.metrics.length > 0 ? (
            <>
              <SeriesMap view={view} search={search} onSearch={onSearch} />
              <BranchTable view={view} search={search} onSearch={onSearch} />
            </>
          ) : (
            <Text size="sm" c="dimmed" role="status">
              {view.state === "running"
                ? "No host has answered yet."
                : view.hosts.some((h) => h.state === "expired")
                  ? "What was found is kept no more. Explore the hosts again."
                  : "Nothing was found. A production pipeline has to keep recent input for it: service.telemetry.phoenix.sample."}
            </Text>
          )}
        </Stack>
      )}
    </QueryView>
  );
}
