import { useMemo } from "react";
import type { AuditHistogram } from "~/api/schema";
import { Chart } from "~/shared/charts/Chart";
import { count } from "~/shared/format/numbers";
import { dateTime } from "~/shared/format/times";
import { usePreferences } from "~/shared/session/preferences";

/** How much happened when; a bar leads to its span of time. */
export function Density({ histogram, onSpan }: { histogram: AuditHistogram; onSpan: (from: string, until: string) => void }) {
  const { timeZone } = usePreferences();
  const begin = Date.parse(histogram.from);
  const width = histogram.bucketSeconds * 1000;
  const option = useMemo(
    () => ({
      grid: { left: 4, right: 4, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: {
        type: "category",
        data: histogram.counts.map((_, i) => dateTime(begin + i * width, timeZone)),
        axisLabel: { hideOverlap: true },
      },
      yAxis: { type: "log", min: 0.5, show: false },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      series: [{ type: "bar", name: "Events", barCategoryGap: "10%", data: histogram.counts.map((n) => (n === 0 ? null : n)) }],
    }),
    [histogram, begin, width, timeZone],
  );
  const total = histogram.counts.reduce((sum, n) => sum + n, 0);
  const select = ({ name }: { name: string }) => {
    const i = option.xAxis.data.indexOf(name);
    if (i >= 0) onSpan(new Date(begin + i * width).toISOString(), new Date(begin + (i + 1) * width).toISOString());
  };
  return (
    <Chart
      label={`${count(total)} events from ${dateTime(histogram.from, timeZone)} to ${dateTime(histogram.until, timeZone)}`}
      option={option}
      height={96}
      onSelect={select}
    />
  );
}
