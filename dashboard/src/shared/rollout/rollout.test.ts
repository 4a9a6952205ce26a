import { describe, expect, it } from "vitest";
import { DEFAULTS, fieldOf, notATime, rolloutOf } from "./rollout";

describe("a rollout", () => {
  it("that says nothing leaves everything to the control plane", () => {
    const { gate, ...rest } = rolloutOf(DEFAULTS);
    for (const value of [...Object.values(rest), ...Object.values(gate ?? {})]) expect(value).toBeNull();
  });

  it("says times in seconds and memory in bytes", () => {
    const said = rolloutOf({ ...DEFAULTS, waves: ["1", "50%"], soak: "2 min", patience: "1 h", maxFailures: 0, maxResidentMiB: 256 });
    expect(said).toMatchObject({ waves: ["1", "50%"], soakSeconds: 120, patienceSeconds: 3600, maxFailures: 0 });
    expect(said.gate?.maxResidentBytes).toBe(268_435_456);
  });

  it("without a gate asks for none of its limits", () => {
    expect(rolloutOf({ ...DEFAULTS, gate: false, maxCpuPct: 50, dataLeaves: false }).gate).toMatchObject({
      off: true,
      maxCpuPct: null,
      dataLeaves: null,
    });
    expect(rolloutOf({ ...DEFAULTS, dataLeaves: false }).gate?.dataLeaves).toBe(false);
  });

  it("refuses what is no time", () => {
    expect(notATime("soon")).not.toBeNull();
    expect(notATime("")).toBeNull();
    expect(notATime("5 min")).toBeNull();
  });

  it("finds the field that a refusal is about", () => {
    expect(fieldOf("rollout.waves[2]")).toBe("waves");
    expect(fieldOf("rollout.gate.maxResidentBytes")).toBe("maxResidentMiB");
    expect(fieldOf("reason")).toBe("reason");
    expect(fieldOf("else")).toBeNull();
    expect(fieldOf(null)).toBeNull();
  });
});
