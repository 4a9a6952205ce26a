import type { TaskThroughput } from "~/api/schema";

type Bucket = TaskThroughput["buckets"][number];

const LINES: [Exclude<keyof Bucket, "at">, string][] = [
  ["queued", "Queued"],
  ["succeeded", "Succeeded"],
  ["failed", "Failed attempts"],
  ["deadLettered", "Dead letters"],
  ["cancelled", "Cancelled"],
];

/** Each line has a mark of its own beside its colour. */
const SYMBOLS = ["circle", "triangle", "diamond", "rect", "pin"];

export const throughputLines = (buckets: readonly Bucket[]) =>
  LINES.map(([key, name], i) => ({
    name,
    type: "line",
    showAllSymbol: true,
    symbol: SYMBOLS[i],
    // Marks only where something happened: else zeros would be a row of dots.
    data: buckets.map((b) => ({ value: b[key], symbolSize: b[key] > 0 ? 6 : 0 })),
  }));

export const totals = (buckets: readonly Bucket[]): Record<Exclude<keyof Bucket, "at">, number> => {
  const sum = (key: Exclude<keyof Bucket, "at">) => buckets.reduce((n, b) => n + b[key], 0);
  return {
    queued: sum("queued"),
    assigned: sum("assigned"),
    succeeded: sum("succeeded"),
    failed: sum("failed"),
    deadLettered: sum("deadLettered"),
    cancelled: sum("cancelled"),
  };
};
