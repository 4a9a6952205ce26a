import { describe, expect, it } from "vitest";
import type { AuditEntry, GateOutcome, WaveJudged } from "~/api/schema";
import { judgementsOf } from "./history";

const judged = (wave: number, outcome: GateOutcome): WaveJudged => ({ wave, checks: [{ kind: "cpu", outcome, detail: `wave ${wave}` }] });
const event = (type: string, timestamp: string, data: unknown) => ({ type, timestamp, data }) as AuditEntry;

const events = [
  event("wave_judged", "2026-11-27T10:02:00Z", judged(1, "met")),
  event("deployment_resumed", "2026-11-27T10:01:00Z", {}),
  event("wave_judged", "2026-11-27T10:00:00Z", judged(1, "notMet")),
];

describe("judgements of waves", () => {
  it("are those of the events, newest first, each time that a wave was judged", () => {
    expect(judgementsOf(events, judged(1, "met")).map((j) => [j.at, j.judged.checks[0]?.outcome])).toEqual([
      ["2026-11-27T10:02:00Z", "met"],
      ["2026-11-27T10:00:00Z", "notMet"],
    ]);
  });

  it("have the deployment's own before them where its event was not read", () => {
    expect(judgementsOf(events, judged(2, "met")).map((j) => [j.at, j.judged.wave])).toEqual([
      [null, 2],
      ["2026-11-27T10:02:00Z", 1],
      ["2026-11-27T10:00:00Z", 1],
    ]);
    expect(judgementsOf([], judged(1, "open"))).toHaveLength(1);
    expect(judgementsOf([], null)).toEqual([]);
  });
});
