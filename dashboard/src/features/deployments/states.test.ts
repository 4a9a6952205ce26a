import { describe, expect, it } from "vitest";
import type { DeploymentView } from "~/api/schema";
import { commandsIn, wavesOf } from "./states";

const counts = { hosts: 10, pending: 5, waiting: 1, deployed: 4, failed: 0, notReached: 0, restored: 0 };
const view = (over: Partial<DeploymentView>) =>
  ({ waves: [1, 5, 10], wave: 2, state: "running", counts, experimentId: null, until: null, requestedBy: "me", ...over }) as DeploymentView;

describe("the waves of a deployment", () => {
  it("are done, current and pending", () => {
    expect(wavesOf(view({}))).toEqual([
      { number: 1, size: 1, first: 1, last: 1, state: "done", ended: 1 },
      { number: 2, size: 4, first: 2, last: 5, state: "current", ended: 3 },
      { number: 3, size: 5, first: 6, last: 10, state: "pending", ended: 0 },
    ]);
  });

  it("take every host exactly once, in whatever state", () => {
    for (const state of ["awaitingApproval", "running", "soaking", "held", "rollingBack", "rolledBack", "completed", "aborted"] as const)
      for (const wave of [0, 1, 2, 3]) {
        const waves = wavesOf(view({ state, wave }));
        expect(waves.reduce((sum, w) => sum + w.size, 0)).toBe(10);
        expect(waves.filter((w) => w.state === "current").length).toBeLessThanOrEqual(1);
        for (const w of waves) expect(w.ended).toBeLessThanOrEqual(w.size);
      }
  });
});

describe("what may be tried", () => {
  it("is approval by another person than who asked", () => {
    expect(commandsIn(view({ state: "awaitingApproval" }), "me")).toEqual(["reject"]);
    expect(commandsIn(view({ state: "awaitingApproval" }), "you")).toEqual(["approve", "reject"]);
  });

  it("follows the state", () => {
    expect(commandsIn(view({}), "me")).toEqual(["pause", "abort", "rollback"]);
    expect(commandsIn(view({ state: "held" }), "me")).toEqual(["resume", "abort", "rollback"]);
    expect(commandsIn(view({ experimentId: "e" }), "me")).toEqual(["pause", "rollback"]);
    expect(commandsIn(view({ until: "2026-11-27T08:00:00Z" }), "me")).toEqual(["rollback"]);
    expect(commandsIn(view({ state: "completed", wave: 3 }), "me")).toEqual(["rollback"]);
    expect(commandsIn(view({ state: "completed", wave: 3, experimentId: "e" }), "me")).toEqual([]);
    expect(commandsIn(view({ state: "rolledBack" }), "me")).toEqual([]);
  });
});
