import { dateTime, type TimeZone } from "~/shared/format/times";

const MINUTE_MS = 60_000;

/** An axis of time in the zone that was chosen: ECharts itself would write that of the browser. Times are in milliseconds, in their order. */
export function timeAxis(times: readonly number[], timeZone: TimeZone) {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const formatter = (at: number): string => {
    const text = dateTime(at, timeZone);
    // What is the same at every mark is left out: the date within a day, the seconds beyond some minutes.
    const from = dateTime(first, timeZone).slice(0, 10) === dateTime(last, timeZone).slice(0, 10) ? 11 : 5;
    return text.slice(from, last - first < 5 * MINUTE_MS ? undefined : -3);
  };
  return { type: "time" as const, axisLabel: { formatter, hideOverlap: true } };
}
