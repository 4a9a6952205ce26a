const UNITS: [unit: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["m", 60],
  ["s", 1],
  ["ms", 0.001],
];

const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gy;

/** Seconds that a person means by `90`, `45 s`, `30 min`, `1 h 30 min`, `7d`; null where it is no time. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const compact = trimmed.replaceAll(/\s+/g, "");
  if (compact === "") return null;
  let seconds = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < compact.length) {
    const part = PART.exec(compact);
    if (part === null) return null;
    const unit = UNITS.find(([name]) => name === part[2]);
    if (unit === undefined) return null;
    seconds += Number(part[1]) * unit[1];
  }
  return seconds;
}

/** The shortest text that {@link parseDuration} reads as exactly so many seconds: `1 h 30 min`. */
export function writeDuration(seconds: number): string {
  if (seconds < 1 || !Number.isInteger(seconds)) return `${seconds} s`;
  let left = seconds;
  const parts: string[] = [];
  for (const [unit, size] of UNITS.filter(([name]) => name !== "m" && name !== "ms")) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n} ${unit}`);
  }
  return parts.join(" ");
}
