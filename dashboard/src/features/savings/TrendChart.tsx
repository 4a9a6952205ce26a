import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { CostTrend } from "~/api/schema";
import { band } from "~/shared/charts/band";
import { Chart } from "~/shared/charts/Chart";
import { QueryView } from "~/shared/components/QueryView";
import { ledger } from "./queries";
import { trendLine } from "./trendLine";

/** What each day cost, with the trend through it and where its slope may lie (95 %). */
export function TrendChart({
  trend,
  from,
  to,
  price,
  currency,
}: {
  trend: CostTrend;
  from: string;
  to: string;
  price?: string;
  currency: string;
}) {
  const days = useQuery(ledger({ by: "day", from, to, price }));
  const option = useMemo(() => {
    const rows = (days.data?.rows ?? []).filter((r) => r.key >= trend.first).sort((a, b) => a.key.localeCompare(b.key));
    const line = trendLine(
      trend,
      rows.map((r) => r.key),
    );
    return {
      legend: { top: 0, data: ["Cost", "Trend"] },
      xAxis: { type: "category", data: rows.map((r) => r.key) },
      yAxis: { type: "value", name: `${currency} a day`, scale: true },
      series: [
        { name: "Cost", type: "line", showSymbol: rows.length < 60, data: rows.map((r) => r.cost) },
        { name: "Trend", type: "line", showSymbol: false, lineStyle: { type: "dashed" }, data: line.map((p) => p.estimate) },
        ...band(
          line.map((p) => p.lower),
          line.map((p) => p.upper - p.lower),
        ),
      ],
    };
  }, [days.data, trend, currency]);
  return <QueryView query={days}>{() => <Chart label={`Cost a day from ${from} to ${to}, with its trend`} option={option} />}</QueryView>;
}
