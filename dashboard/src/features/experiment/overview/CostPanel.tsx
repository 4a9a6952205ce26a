import { List, SimpleGrid, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ExperimentCostView, ExperimentView } from "~/api/schema";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { PageLink } from "~/shared/components/links";
import { Section } from "~/shared/components/Section";
import { cost } from "~/shared/experiments/queries";
import { bytes, decimal, money, percent } from "~/shared/format/numbers";
import { Computed } from "./Computed";
import { Small } from "./ReductionPanel";
import { Row } from "./VisibilityPanel";

/** What the experiment itself costs, and what is left of its saving. */
export function CostPanel({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const query = useQuery(cost(x.id, at));
  return (
    <Section title="Cost and net saving" says="At the operator's rates for cores, memory and storage; the saving by the prices of the day.">
      <Computed
        query={query}
        besides={
          <PageLink to="/settings" search={{ tab: "prices" }} underline="always">
            Prices and rates
          </PageLink>
        }
      >
        {(c) => <Cost c={c} />}
      </Computed>
    </Section>
  );
}

export function Cost({ c }: { c: ExperimentCostView }) {
  const { net, saving } = c;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
        <Small label="Net a month" value={money(net?.netPerMonth, net?.currency)} />
        <Small label="Saving a month" value={money(saving?.perMonth, saving?.currency)} />
        <Small label="The experiment, once" value={money(c.cost.total, c.cost.currency)} />
      </SimpleGrid>
      {c.whyNoNet !== null && (
        <Text size="sm" c="dimmed">
          No net is told: {c.whyNoNet.detail}
        </Text>
      )}
      <Table variant="vertical" aria-label="Cost and net saving">
        <Table.Tbody>
          {net !== null && (
            <>
              <Row
                name="Net a month, least and most"
                value={net.lower === null ? "no bounds" : `${money(net.lower, net.currency)} to ${money(net.upper, net.currency)}`}
              />
              <Row name="Running the candidate's pipeline, a month" value={money(net.runningPerMonth, net.currency)} />
              <Row
                name="The experiment is paid back after"
                value={net.monthsToPayBack === null ? "never" : `${decimal(net.monthsToPayBack, 2)} months`}
              />
            </>
          )}
          <Row name="Candidates, CPU" value={`${decimal(c.candidates.cores, 3)} cores, ${money(c.cost.cpu, c.cost.currency)}`} />
          <Row name="Candidates, memory" value={`${bytes(c.candidates.memoryBytes)}, ${money(c.cost.memory, c.cost.currency)}`} />
          <Row name="Kept windows" value={`${bytes(c.evaluationBytes)}, ${money(c.cost.storage, c.cost.currency)}`} />
          <Row name="Candidates ran" value={`${decimal(c.ranHours, 2)} hours`} />
          {saving !== null && (
            <Row
              name="Rests on"
              value={`${decimal(saving.from.measuredMinutes, 1)} measured minutes, ${percent((100 * saving.from.measuredMinutes) / saving.from.monthMinutes, 2)} of a month`}
            />
          )}
        </Table.Tbody>
      </Table>
      {saving?.whyNothing && <Text size="sm">Nothing is saved: {saving.whyNothing}</Text>}
      {[...c.gaps, ...(saving?.gaps ?? [])].length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            What the figures do not know
          </Text>
          <List size="sm">
            {[...new Set([...c.gaps, ...(saving?.gaps ?? [])].map(String))].map((g) => (
              <List.Item key={g}>{g}</List.Item>
            ))}
          </List>
        </div>
      )}
    </>
  );
}
