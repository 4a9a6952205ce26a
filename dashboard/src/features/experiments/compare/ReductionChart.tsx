import { Text } from "@mantine/core";
import { Chart } from "~/shared/charts/Chart";
import { decimal, UNKNOWN } from "~/shared/format/numbers";
import { askedClaim, type Compared, interval } from "./compareRows";

interface Line {
  name: string;
  reduction: number;
  lower: number;
  upper: number;
  required: number;
}

/** The reduction of live series of each experiment with the interval of the claim that its verdict was asked of, and what was required. */
export function ReductionChart({ all }: { all: readonly Compared[] }) {
  const lines = all.flatMap(({ experiment: x }): Line[] => {
    const claim = askedClaim(x);
    const reduction = claim?.reductionPct;
    if (reduction == null) return [];
    return [
      {
        name: x.name,
        reduction,
        lower: claim?.lowerPct ?? reduction,
        upper: claim?.upperPct ?? reduction,
        required: x.criteria.minSeriesReductionPct,
      },
    ];
  });
  if (lines.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing can be claimed of any of them yet.
      </Text>
    );
  return (
    <Chart
      label={`Reduction of live series: ${all.map(({ experiment: x }) => `${x.name} ${interval(askedClaim(x)) || UNKNOWN}`).join("; ")}.`}
      height={70 + 44 * lines.length}
      option={{
        legend: { top: 0, data: ["Reduction with interval", "Required"] },
        xAxis: { type: "value", axisLabel: { formatter: "{value} %" }, scale: true, boundaryGap: ["5%", "5%"] },
        yAxis: { type: "category", inverse: true, data: lines.map((l) => l.name), axisLabel: { width: 160, overflow: "truncate" } },
        tooltip: {
          trigger: "item",
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const line = lines[dataIndex];
            return line === undefined
              ? ""
              : `${decimal(line.reduction)} % (${decimal(line.lower)} to ${decimal(line.upper)} %), required ${decimal(line.required)} %`;
          },
        },
        series: [
          {
            name: "Reduction with interval",
            type: "custom",
            encode: { x: [0, 2, 3], y: 1 },
            data: lines.map((l, i) => [l.reduction, i, l.lower, l.upper]),
            renderItem: (_: unknown, api: CustomApi) => {
              const at = (x: number) => api.coord([x, api.value(1)]);
              const [lower, upper, middle] = [at(api.value(2)), at(api.value(3)), at(api.value(0))];
              const style = { stroke: api.visual("color"), lineWidth: 2 };
              const [y] = [middle[1]];
              return {
                type: "group",
                children: [
                  { type: "line", shape: { x1: lower[0], y1: y, x2: upper[0], y2: y }, style },
                  { type: "line", shape: { x1: lower[0], y1: y - 6, x2: lower[0], y2: y + 6 }, style },
                  { type: "line", shape: { x1: upper[0], y1: y - 6, x2: upper[0], y2: y + 6 }, style },
                  { type: "circle", shape: { cx: middle[0], cy: y, r: 5 }, style: { fill: api.visual("color") } },
                ],
              };
            },
          },
          {
            name: "Required",
            type: "custom",
            encode: { x: 0, y: 1 },
            data: lines.map((l, i) => [l.required, i]),
            renderItem: (_: unknown, api: CustomApi) => {
              const [x, y] = api.coord([api.value(0), api.value(1)]);
              return {
                type: "line",
                shape: { x1: x, y1: y - 12, x2: x, y2: y + 12 },
                style: { stroke: api.visual("color"), lineWidth: 2, lineDash: [4, 3] },
              };
            },
          },
        ],
      }}
    />
  );
}

interface CustomApi {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
  visual: (what: "color") => string;
}
