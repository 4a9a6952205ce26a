import { Group, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { BudgetView } from "~/api/schema";
import { budgets } from "~/shared/budgets/queries";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { money, percent } from "~/shared/format/numbers";
import { trend } from "./queries";

/** What the month will have cost, against what may be spent. */
export function Forecast({ price }: { price: string | undefined }) {
  const month = useQuery({ ...trend(price ?? ""), enabled: price !== undefined });
  const set = useQuery(budgets);
  return (
    <Section
      title="This month"
      right={
        <PageLink to="/savings" search={{ tab: "budgets" }}>
          Budgets
        </PageLink>
      }
    >
      {price !== undefined && (
        <QueryView query={month}>
          {(t) =>
            t.monthEnd === null ? (
              <Text size="sm" c="dimmed">
                No forecast by {t.price}: {t.missing}
              </Text>
            ) : (
              <Text size="sm">
                All that is sent will have cost <b>{money(t.monthEnd.estimate, t.currency)}</b> at the end of {t.monthEnd.month}, between{" "}
                {money(t.monthEnd.lower, t.currency)} and {money(t.monthEnd.upper, t.currency)}, by {t.price}.
              </Text>
            )
          }
        </QueryView>
      )}
      <QueryView query={set}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed">
              No budget is set. With one you are told when a level is reached, or will be.
            </Text>
          ) : (
            all.map((b) => <Budget key={b.id} b={b} />)
          )
        }
      </QueryView>
    </Section>
  );
}

function Budget({ b }: { b: BudgetView }) {
  const { amountPerMonth, currency, name } = b.terms;
  const forecast = b.forecast === null ? null : (100 * b.forecast.estimate) / amountPerMonth;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="sm" className="numeric">
          {money(b.spent, currency)} of {money(amountPerMonth, currency)}
        </Text>
      </Group>
      {b.spentPct !== null && (
        <Progress.Root size="lg">
          <Progress.Section value={Math.min(100, b.spentPct)} color={b.spentPct >= 100 ? "red" : "teal"} aria-label={`${name}: spent`} />
          {forecast !== null && forecast > b.spentPct && (
            <Progress.Section
              value={Math.max(0, Math.min(100, forecast) - Math.min(100, b.spentPct))}
              color={forecast >= 100 ? "orange" : "gray"}
              striped
              aria-label={`${name}: forecast of the month's end`}
            />
          )}
        </Progress.Root>
      )}
      <Text size="xs" c="dimmed">
        {b.problem !== null
          ? b.problem.detail
          : b.spentPct === null
            ? "What is spent is not known."
            : b.forecast === null
              ? `${percent(b.spentPct)} spent. No forecast: ${b.noForecast}`
              : `${percent(b.spentPct)} spent; ${money(b.forecast.estimate, currency)} at the month's end (${percent(forecast)}), between ${money(b.forecast.lower, currency)} and ${money(b.forecast.upper, currency)}.`}
      </Text>
    </Stack>
  );
}
