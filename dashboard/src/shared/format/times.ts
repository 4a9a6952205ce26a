/** `local`, `UTC` or the name of a zone in the IANA database. */
export type TimeZone = string;

/** Making one takes far longer than using it, and a table shows hundreds of times. */
const formats = new Map<TimeZone, { exact: Intl.DateTimeFormat; named: Intl.DateTimeFormat }>();

function formatsOf(zone: TimeZone) {
  let known = formats.get(zone);
  if (known === undefined) {
    const timeZone = zoneOf(zone);
    known = {
      exact: new Intl.DateTimeFormat("en-GB", {
        timeZone,
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        hourCycle: "h23",
      }),
      named: new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "short" }),
    };
    formats.set(zone, known);
  }
  return known;
}

const zoneOf = (zone: TimeZone): string | undefined => (zone === "local" ? undefined : zone);

/** 2026-11-27 14:02:05, in the zone that was chosen; sorts as text and reads the same everywhere. */
export function dateTime(at: string | number | Date, zone: TimeZone, withSeconds = true): string {
  const parts = Object.fromEntries(
    formatsOf(zone)
      .exact.formatToParts(new Date(at))
      .map((p) => [p.type, p.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}${withSeconds ? `:${parts.second}` : ""}`;
}

/** The moment that a clock of the zone shows as `2026-11-27 14:02:05`. Where it shows that twice or never, since it was set, one that is near. */
export function momentOf(shown: string, zone: TimeZone): string {
  const asUtc = (text: string) => Date.parse(`${text.replace(" ", "T")}Z`);
  const wanted = asUtc(shown);
  // How far the zone is from UTC is known of a moment only: that of the first guess may lie beyond a change of it.
  let moment = wanted;
  for (let i = 0; i < 2; i++) moment += wanted - asUtc(dateTime(moment, zone));
  return new Date(moment).toISOString();
}

/** What stands beside a time so that nobody takes it for another zone's, such as GMT+1 or UTC. */
export function zoneName(zone: TimeZone, at: string | number | Date = Date.now()): string {
  return (
    formatsOf(zone)
      .named.formatToParts(new Date(at))
      .find((p) => p.type === "timeZoneName")?.value ?? zone
  );
}

/** The zone for moments all the year round, such as Europe/Berlin. */
export const zoneId = (zone: TimeZone): string => zoneOf(zone) ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** 5 min ago, in 2 h. */
export function relative(at: string | number | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const ago = Math.abs(seconds);
  const [amount, unit] = ago < 60 ? [ago, "s"] : ago < 3_600 ? [ago / 60, "min"] : ago < 86_400 ? [ago / 3_600, "h"] : [ago / 86_400, "d"];
  if (ago < 5) return "now";
  return seconds < 0 ? `${Math.floor(amount)} ${unit} ago` : `in ${Math.floor(amount)} ${unit}`;
}

export function isTimeZone(zone: string): boolean {
  if (zone === "local") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
