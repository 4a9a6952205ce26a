import { expect, it } from "vitest";
import { throughputLines, totals } from "./throughputLines";

const bucket = { at: "2026-11-27T07:00:00Z", queued: 3, assigned: 4, succeeded: 2, failed: 1, deadLettered: 0, cancelled: 0 };

it("draws every line over every bucket, and sums what it draws", () => {
  const lines = throughputLines([bucket, { ...bucket, queued: 0, deadLettered: 5 }]);
  expect(lines.map((l) => [l.name, l.data.map((d) => d.value)])).toEqual([
    ["Queued", [3, 0]],
    ["Succeeded", [2, 2]],
    ["Failed attempts", [1, 1]],
    ["Dead letters", [0, 5]],
    ["Cancelled", [0, 0]],
  ]);
  expect(totals([bucket, bucket])).toEqual({ queued: 6, assigned: 8, succeeded: 4, failed: 2, deadLettered: 0, cancelled: 0 });
});
