import { Select, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ExperimentWindowView } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { timeAxis } from "~/shared/charts/timeAxis";
import { Section } from "~/shared/components/Section";
import { bytes, count, decimal, short, UNKNOWN } from "~/shared/format/numbers";
import { dateTime } from "~/shared/format/times";
import { usePreferences } from "~/shared/session/preferences";
import { arms, isMeasure, MEASURES, type Measure } from "../bands";

const route = getRouteApi("/_app/experiments/$id");

const exact = (measure: Measure, value: number | null): string =>
  value === null
    ? UNKNOWN
    : MEASURES[measure].unit === "bytes"
      ? bytes(value)
      : measure === "cpu"
        ? `${decimal(value, 2)} %`
        : count(value);

/** Both arms over time, which saw the same input. */
export function ArmsPanel({ windows, thinned }: { windows: ExperimentWindowView[]; thinned: number | null }) {
  const { measure = "seriesActive" } = route.useSearch();
  const navigate = route.useNavigate();
  const { timeZone } = usePreferences();
  const lines = useMemo(() => arms(windows, measure), [windows, measure]);
  const warmUp = windows.findLast((w) => !w.counts && !w.void)?.at;
  const option = useMemo(
    () => ({
      legend: { top: 0 },
      xAxis: timeAxis(
        windows.map((w) => Date.parse(w.at)),
        timeZone,
      ),
      yAxis: {
        type: "value",
        axisLabel: { formatter: (v: number) => (MEASURES[measure].unit === "bytes" ? bytes(v) : measure === "cpu" ? `${v} %` : short(v)) },
      },
      tooltip: {
        trigger: "axis",
        confine: true,
        formatter: (shown: unknown) => {
          const items = shown as { dataIndex: number; seriesName: string; value: [number, number | null] }[];
          const w = items[0] === undefined ? undefined : windows[items[0].dataIndex];
          const head =
            w === undefined ? "" : `${dateTime(w.at, timeZone)}, window ${w.number}${w.void ? ", void" : w.counts ? "" : ", warm-up"}`;
          return [head, ...items.map((i) => `${i.seriesName} <b>${exact(measure, i.value[1])}</b>`)].join("<br>");
        },
      },
      series: [
        { name: "Baseline", type: "line", showSymbol: windows.length < 40, data: lines.baseline },
        {
          name: "Candidate",
          type: "line",
          showSymbol: windows.length < 40,
          data: lines.candidate,
          symbol: "diamond",
          lineStyle: { type: "dashed" },
          ...(warmUp === undefined
            ? {}
            : {
                markLine: {
                  symbol: "none",
                  silent: true,
                  lineStyle: { type: "dotted" },
                  label: { formatter: "warm-up ends", position: "insideEndTop" },
                  data: [{ xAxis: Date.parse(warmUp) }],
                },
              }),
        },
      ],
    }),
    [lines, measure, windows, timeZone, warmUp],
  );
  const last = windows.findLast((w) => !w.void);
  const now = (arm: "baseline" | "candidate") => {
    const totals = last?.[arm];
    return exact(measure, totals == null || last === undefined ? null : MEASURES[measure].of(totals, last));
  };
  return (
    <Section
      title="Both arms"
      says="The same input, byte for byte, through both pipelines. A void window is a gap."
      right={
        <Select
          aria-label="What is drawn"
          w={220}
          allowDeselect={false}
          value={measure}
          onChange={(v) =>
            isMeasure(v) &&
            void navigate({
              search: (before) => ({ ...before, measure: v === "seriesActive" ? undefined : v }),
              replace: true,
              resetScroll: false,
            })
          }
          data={Object.entries(MEASURES).map(([value, { label }]) => ({ value, label }))}
        />
      }
    >
      {windows.length === 0 ? (
        <Text size="sm" c="dimmed">
          No window was measured yet.
        </Text>
      ) : (
        <Chart
          label={`${MEASURES[measure].label} of both arms over ${windows.length} windows; in the newest one ${now("baseline")} in the baseline and ${now("candidate")} in the candidate.`}
          option={option}
          height={300}
        />
      )}
      {thinned !== null && (
        <Text size="xs" c="dimmed">
          {windows.length} of {count(thinned)} windows are drawn, evenly chosen. The export has all.
        </Text>
      )}
    </Section>
  );
}
