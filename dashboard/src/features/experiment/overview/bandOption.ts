import type { EChartsCoreOption } from "echarts/core";
import { band } from "~/shared/charts/band";
import { timeAxis } from "~/shared/charts/timeAxis";
import { dateTime, type TimeZone } from "~/shared/format/times";
import type { BandPoint } from "../bands";
import { extent, stacked } from "../bands";

interface Band {
  points: readonly BandPoint[];
  /** A level that is asked for, drawn as a line. */
  asked?: { value: number; label: string };
  format: (value: number) => string;
  name: string;
  floor: number;
  ceiling: number;
  timeZone: TimeZone;
}

/** An estimate with its interval over time, as ECharts draws it. */
export function bandOption({ points, asked, format, name, floor, ceiling, timeZone }: Band): EChartsCoreOption {
  const { lower, width } = stacked(points);
  const [min, max] = extent(points, asked === undefined ? [] : [asked.value], floor, ceiling);
  return {
    legend: { show: false },
    xAxis: timeAxis(
      points.map((p) => p.at),
      timeZone,
    ),
    yAxis: { type: "value", min, max, axisLabel: { formatter: format, hideOverlap: true } },
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (shown: unknown) => {
        const index = (shown as { dataIndex: number }[])[0]?.dataIndex;
        const p = index === undefined ? undefined : points[index];
        if (p === undefined) return "";
        const interval = p.low !== null && p.high !== null ? `<br>between ${format(p.low)} and ${format(p.high)}` : "<br>no interval yet";
        return `${dateTime(p.at, timeZone)}, window ${p.window}<br>${name} <b>${p.estimate === null ? "–" : format(p.estimate)}</b>${interval}`;
      },
    },
    series: [
      ...band(lower, width),
      {
        name,
        type: "line",
        showSymbol: points.length < 40,
        data: points.map((p) => [p.at, p.estimate]),
        ...(asked === undefined
          ? {}
          : {
              markLine: {
                symbol: "none",
                silent: true,
                lineStyle: { type: "dashed" },
                label: { formatter: asked.label, position: "insideEndTop" },
                data: [{ yAxis: asked.value }],
              },
            }),
      },
    ],
  };
}
