import type { ChangeFreeze, DayOfWeek } from "~/api/schema";
import { duration } from "~/shared/format/numbers";
import { dateTime, type TimeZone, zoneName } from "~/shared/format/times";

export const DAYS: { value: DayOfWeek; label: string }[] = [
  { value: "monday", label: "Monday" },
  { value: "tuesday", label: "Tuesday" },
  { value: "wednesday", label: "Wednesday" },
  { value: "thursday", label: "Thursday" },
  { value: "friday", label: "Friday" },
  { value: "saturday", label: "Saturday" },
  { value: "sunday", label: "Sunday" },
];

/** A freeze as the form holds it: one of the two kinds counts. */
export interface FreezeValues {
  name: string;
  kind: "once" | "weekly";
  /** Local to the browser, as date inputs have it. */
  from: string | null;
  until: string | null;
  day: DayOfWeek;
  start: string;
  hours: number | string;
  timeZone: string;
}

export const newFreeze = (timeZone: string): FreezeValues => ({
  name: "",
  kind: "weekly",
  from: null,
  until: null,
  day: "friday",
  start: "18:00",
  hours: 62,
  timeZone,
});

/** Texts of date inputs (`2026-12-24 18:00:00`) are the browser's local time. */
export const toIso = (local: string | null): string | null =>
  local === null || local === "" ? null : new Date(local.replace(" ", "T")).toISOString();

const two = (n: number) => String(n).padStart(2, "0");

export function toLocal(iso: string | null | undefined): string | null {
  if (!iso) return null;
  const d = new Date(iso);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export const toFreeze = (v: FreezeValues): ChangeFreeze =>
  v.kind === "once"
    ? { name: v.name, from: toIso(v.from), until: toIso(v.until), weekly: null }
    : {
        name: v.name,
        from: null,
        until: null,
        weekly: { day: v.day, start: v.start.length === 5 ? `${v.start}:00` : v.start, hours: Number(v.hours), timeZone: v.timeZone },
      };

export const fromFreeze = (f: ChangeFreeze, timeZone: string): FreezeValues => ({
  ...newFreeze(timeZone),
  name: f.name,
  kind: f.weekly ? "weekly" : "once",
  from: toLocal(f.from),
  until: toLocal(f.until),
  ...(f.weekly ? { day: f.weekly.day, start: f.weekly.start.slice(0, 5), hours: f.weekly.hours, timeZone: f.weekly.timeZone } : {}),
});

export const freezeText = (f: ChangeFreeze, zone: TimeZone): string =>
  f.weekly
    ? `every ${DAYS.find((d) => d.value === f.weekly?.day)?.label} from ${f.weekly.start.slice(0, 5)} for ${duration(f.weekly.hours * 3600)}, ${f.weekly.timeZone}`
    : f.from && f.until
      ? `${dateTime(f.from, zone, false)} to ${dateTime(f.until, zone, false)} ${zoneName(zone, f.until)}`
      : "";
