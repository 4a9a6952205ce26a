/** Moments as the control plane writes them: ISO 8601 with up to seven digits of a second, where a Date keeps three. */
export type Moment = string;

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A moment as it stands in an address; null for what is none, which shows how it is now. */
export function parseMoment(value: unknown): Moment | null {
  return typeof value === "string" && ISO.test(value) && Number.isFinite(Date.parse(value)) ? value : null;
}

/** How many minutes before and after a moment are looked at. */
export const AROUND_MINUTES = [1, 5, 30, 120];

/** What the address of a page that can be shown as it was says of it. */
export interface AtSearch {
  at?: Moment;
  /** How many minutes around it; 5 where left out. */
  around?: number;
}

/** For `validateSearch` of such a page: `at` is kept where it is a moment. */
export function atSearch(search: Record<string, unknown>): AtSearch {
  const at = parseMoment(search.at);
  const around = AROUND_MINUTES.find((minutes) => minutes === search.around);
  return { ...(at === null ? {} : { at }), ...(around === undefined ? {} : { around }) };
}

/** Of a past moment, or of now: what a read asks for, and what a link leads to. */
export const atOf = (at: Moment | null): { at?: Moment } => (at === null ? {} : { at });

/** The day of a past moment by which prices count, in UTC; undefined for now. */
export const dayOf = (at: Moment | null): string | undefined => (at === null ? undefined : new Date(at).toISOString().slice(0, 10));

/** Until then an event of before may still be committed. */
const SETTLED_MS = 60_000;

/** What a past moment was stays so, whatever happens now: for a read of one that nothing else is in. */
export const fixedAt = (at: Moment | null): { staleTime?: number | "static" } =>
  at === null ? {} : { staleTime: Date.now() - Date.parse(at) > SETTLED_MS ? "static" : Number.POSITIVE_INFINITY };

/** Microseconds since 1970 in full: an event is found again by its time only if no digit is lost. */
export function toMicros(moment: Moment): bigint {
  const fraction = /\.(\d{1,7})/.exec(moment)?.[1] ?? "";
  const micros = BigInt(fraction.padEnd(6, "0").slice(0, 6));
  const wholeSeconds = Date.parse(moment.replace(/\.\d{1,7}/, ""));
  return BigInt(wholeSeconds) * 1000n + micros;
}

export function fromMicros(micros: bigint): Moment {
  const inSecond = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - inSecond) / 1_000_000n;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", `.${inSecond.toString().padStart(6, "0")}Z`);
}

/** The first moment after this one that the event store can tell from it. */
export const justAfter = (moment: Moment): Moment => fromMicros(toMicros(moment) + 1n);

export interface Density {
  from: Moment;
  bucketSeconds: number;
  counts: number[];
}

export interface Mark {
  /** Where it begins, 0 to 1 of the whole width. */
  left: number;
  width: number;
  /** 0 to 1; the root of the share of the fullest, so that one event beside a thousand can still be seen. */
  height: number;
  count: number;
}

/** Bars for those stretches in which anything happened, over the width from `from` to `until` (milliseconds since 1970). */
export function marks({ from, bucketSeconds, counts }: Density, begin: number, end: number): Mark[] {
  const most = Math.max(0, ...counts);
  const span = end - begin;
  if (most === 0 || span <= 0) return [];
  const first = Date.parse(from);
  return counts.flatMap((count, i) => {
    const left = Math.max(begin, first + i * bucketSeconds * 1000);
    const right = Math.min(end, first + (i + 1) * bucketSeconds * 1000);
    if (count === 0 || right <= left) return [];
    return [{ left: (left - begin) / span, width: (right - left) / span, height: Math.sqrt(count / most), count }];
  });
}

/**
 * Whether the slider says now at this value. Its values lie whole steps from its left end, so that the last of them is up to a step before the right one: all of
 * the last step is now.
 */
export const isNow = (value: number, begin: number, end: number): boolean => value > end - stepOf(begin, end);

/** What the slider was let go at: its right end is now, which has no moment. */
export const chosen = (value: number, begin: number, end: number): Moment | null =>
  isNow(value, begin, end) ? null : new Date(Math.max(begin, value)).toISOString();

/** Steps of the slider in milliseconds: a thousand of them, of a second at least. */
export const stepOf = (begin: number, end: number): number => Math.max(1_000, Math.round((end - begin) / 1_000));

/** So many minutes before and after a moment. */
export function around(moment: Moment, minutes: number): { from: Moment; until: Moment } {
  const span = BigInt(minutes) * 60_000_000n;
  const at = toMicros(moment);
  return { from: fromMicros(at - span), until: fromMicros(at + span + 1n) };
}
