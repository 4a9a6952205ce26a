import { SimpleGrid, Text } from "@mantine/core";
import { useMemo } from "react";
import type { ExperimentWindowsView, ExperimentWindowView } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { PageLink } from "~/shared/components/links";
import { Section } from "~/shared/components/Section";
import { money } from "~/shared/format/numbers";
import { usePreferences } from "~/shared/session/preferences";
import { savingBand } from "../bands";
import { bandOption } from "./bandOption";
import { Small } from "./ReductionPanel";

/** What the reduction is worth a month, with the bounds of the same bills. */
export function SavingPanel({ view, windows }: { view: ExperimentWindowsView; windows: ExperimentWindowView[] }) {
  const { timeZone } = usePreferences();
  const points = useMemo(() => savingBand(windows), [windows]);
  const currency = windows.findLast((w) => w.saving !== null)?.saving?.currency;
  const option = useMemo(
    () =>
      bandOption({
        points,
        format: (v) => money(v, currency),
        name: "Saving a month",
        floor: Number.NEGATIVE_INFINITY,
        ceiling: Number.POSITIVE_INFINITY,
        timeZone,
      }),
    [points, currency, timeZone],
  );
  const last = points.at(-1);
  return (
    <Section
      title="Worth"
      says={
        <>
          The month's bill would be this much less by{" "}
          <PageLink to="/settings" search={{ tab: "prices" }} underline="always">
            {view.priceEntry}
          </PageLink>{" "}
          of {view.pricedOn}, if the month went on as what was measured and nothing else were sent.
        </>
      }
    >
      <SimpleGrid cols={3} spacing="xs">
        <Small label="A month" value={money(last?.estimate, currency)} />
        <Small label="At least" value={money(last?.low, currency)} />
        <Small label="At most" value={money(last?.high, currency)} />
      </SimpleGrid>
      {view.noSaving !== null && (
        <Text size="sm" c="dimmed">
          {points.length === 0 ? "No saving is told: " : "No bounds are told: "}
          {view.noSaving}.
        </Text>
      )}
      {points.length > 0 && (
        <Chart
          label={`Saving a month over ${points.length} windows, now ${money(last?.estimate, currency)}${last?.low != null ? `, between ${money(last.low, currency)} and ${money(last.high, currency)}` : ""}.`}
          option={option}
        />
      )}
    </Section>
  );
}
