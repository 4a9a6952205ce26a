import type { CostTrend } from "~/api/schema";

export interface TrendPoint {
  day: string;
  estimate: number;
  lower: number;
  upper: number;
}

const DAY_MS = 86_400_000;

/** The trend on each of the days: it turns about the middle of the days that it was taken from. */
export function trendLine(trend: CostTrend, days: readonly string[]): TrendPoint[] {
  const first = Date.parse(trend.first);
  return days.map((day) => {
    const away = (Date.parse(day) - first) / DAY_MS - trend.centre;
    const [a, b] = [trend.level + trend.lower * away, trend.level + trend.upper * away];
    return { day, estimate: trend.level + trend.perDay * away, lower: Math.min(a, b), upper: Math.max(a, b) };
  });
}
