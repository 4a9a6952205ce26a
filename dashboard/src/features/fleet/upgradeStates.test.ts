import { describe, expect, it } from "vitest";
import { upgradeActions } from "./upgradeStates";

const counts = { hosts: 10, pending: 4, waiting: 1, upgraded: 5, failed: 0, unreached: 0, returned: 0 };

describe("what can be done with an upgrade", () => {
  it("goes by its state", () => {
    expect(upgradeActions({ state: "running", counts })).toEqual(["pause", "abort", "rollback"]);
    expect(upgradeActions({ state: "held", counts })).toEqual(["resume", "abort", "rollback"]);
    expect(upgradeActions({ state: "completed", counts })).toEqual(["rollback"]);
    expect(upgradeActions({ state: "rollingBack", counts })).toEqual([]);
    expect(upgradeActions({ state: "rolledBack", counts })).toEqual([]);
  });

  it("returns nobody where nobody was asked", () => {
    expect(upgradeActions({ state: "aborted", counts: { ...counts, pending: 10 } })).toEqual([]);
  });
});
