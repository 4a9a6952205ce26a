/** In place of a number that nobody has measured. */
export const UNKNOWN = "–";

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => value !== null && value !== undefined && Number.isFinite(value);

/** 12,345. */
export const count = (value: Maybe): string => (known(value) ? fixed(0).format(value) : UNKNOWN);

/** 1 host, 12,345 hosts. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** 12.3K; for axes and tiles, where the exact number stands beside it or in a tooltip. */
export const short = (value: Maybe): string => (known(value) ? compact().format(value) : UNKNOWN);

/** Making one takes far longer than using it, the first most of all. */
const formats = new Map<string, Intl.NumberFormat>();

function made(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat("en", options);
    formats.set(key, format);
  }
  return format;
}

const compact = () => made("compact", { notation: "compact", maximumFractionDigits: 1 });

const fixed = (digits: number, currency?: string) =>
  made(`${currency ?? ""} ${digits}`, {
    ...(currency === undefined ? {} : { style: "currency", currency }),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });

export const decimal = (value: Maybe, digits = 1): string => (known(value) ? fixed(digits).format(value) : UNKNOWN);

/** 81.4 %; what is not quite none or all is never rounded to it. */
export function percent(value: Maybe, digits = 1): string {
  if (!known(value)) return UNKNOWN;
  const step = 10 ** -digits;
  if (value > 0 && value < step / 2) return `< ${decimal(step, digits)} %`;
  if (value < 100 && value > 100 - step / 2) return `> ${decimal(100 - step, digits)} %`;
  return `${decimal(value, digits)} %`;
}

/** Binary units, as the operating system counts memory. */
export function bytes(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** unit;
  return `${unit === 0 || scaled >= 100 ? fixed(0).format(scaled) : decimal(scaled, 1)} ${units[unit]}`;
}

/** An amount in its currency, with cents where it is small. */
export function money(amount: Maybe, currency: string | null | undefined): string {
  if (!known(amount) || !currency) return UNKNOWN;
  const digits = Math.abs(amount) >= 1_000 ? 0 : 2;
  return fixed(digits, currency).format(amount);
}

/** 2 d 4 h, 3 h 20 min, 45 s: the two units that matter. */
export function duration(seconds: Maybe): string {
  if (!known(seconds)) return UNKNOWN;
  const sign = seconds < 0 ? "-" : "";
  const total = Math.abs(seconds);
  if (total < 1) return `${sign}${Math.round(total * 1000)} ms`;
  if (total < 60) return `${sign}${total < 10 ? decimal(total, 1).replace(".0", "") : Math.round(total)} s`;
  const rounded = Math.round(total);
  const parts: [number, string][] = [
    [Math.floor(rounded / 86_400), "d"],
    [Math.floor((rounded % 86_400) / 3_600), "h"],
    [Math.floor((rounded % 3_600) / 60), "min"],
    [rounded % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return (
    sign +
    parts
      .slice(first, first + 2)
      .filter(([n]) => n > 0)
      .map(([n, unit]) => `${n} ${unit}`)
      .join(" ")
  );
}
