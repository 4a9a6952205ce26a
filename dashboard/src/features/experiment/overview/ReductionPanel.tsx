import { Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import type { ExperimentView, ExperimentWindowView } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { Section } from "~/shared/components/Section";
import { percent } from "~/shared/format/numbers";
import { usePreferences } from "~/shared/session/preferences";
import { claimBand } from "../bands";
import { bandOption } from "./bandOption";

/** The reduction of live series with its interval, which narrows window by window. */
export function ReductionPanel({ x, windows }: { x: ExperimentView; windows: ExperimentWindowView[] }) {
  const { timeZone } = usePreferences();
  // The observed claim has no interval: where it is asked, that of the hosts is drawn around it.
  const claim = x.criteria.claim === "fleet" ? "fleet" : "hosts";
  const points = useMemo(() => {
    const [band, observed] = [claimBand(windows, claim), claimBand(windows, "observed")];
    return band.map((p, i) => ({ ...p, estimate: p.estimate ?? observed[i]?.estimate ?? null }));
  }, [windows, claim]);
  const option = useMemo(
    () =>
      bandOption({
        points,
        asked: { value: x.criteria.minSeriesReductionPct, label: `asked ${percent(x.criteria.minSeriesReductionPct)}` },
        format: (v) => percent(v),
        name: "Reduction",
        floor: -100,
        ceiling: 100,
        timeZone,
      }),
    [points, x.criteria.minSeriesReductionPct, timeZone],
  );
  const last = points.at(-1);
  return (
    <Section
      title="Reduction"
      says="Of live series, over all windows so far. The band is the interval for these hosts from now on; it holds at every look."
    >
      <SimpleGrid cols={3} spacing="xs">
        <Small label="Live series" value={percent(x.evidence?.liveSeriesReductionPct)} />
        <Small label="Distinct series" value={percent(x.evidence?.seriesReductionPct)} />
        <Small label="Points" value={percent(x.evidence?.pointsReductionPct)} />
      </SimpleGrid>
      {points.length === 0 ? (
        <Text size="sm" c="dimmed">
          No window counts as evidence yet. The first one does after the warm-up.
        </Text>
      ) : (
        <Chart
          label={`Reduction of live series over ${points.length} windows, now ${percent(last?.estimate)}${last?.low != null && last.high != null ? `, between ${percent(last.low)} and ${percent(last.high)}` : ", without an interval yet"}; asked are ${percent(x.criteria.minSeriesReductionPct)}.`}
          option={option}
        />
      )}
    </Section>
  );
}

export function Small({ label, value }: { label: string; value: string }) {
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Group gap={4}>
        <Text fw={650} className="numeric">
          {value}
        </Text>
      </Group>
    </Stack>
  );
}
