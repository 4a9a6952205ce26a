import { describe, expect, it } from "vitest";
import type { ExperimentView } from "~/api/schema";
import { available } from "./available";

type State = ExperimentView["state"];
const of = (state: State, more: Partial<Parameters<typeof available>[0]> = {}) => ({
  state,
  verdict: null,
  archived: false,
  baselineKept: false,
  ...more,
});
const verdict = (outcome: "promote" | "reject" | "inconclusive") => ({ outcome, scope: "", reasons: [] });

describe("what may be done with an experiment", () => {
  it("is nothing for who only reads", () => {
    for (const state of ["draft", "running", "completed", "promoted"] as State[]) {
      expect(available(of(state), "viewer")).toEqual([]);
      expect(available(of(state), undefined)).toEqual([]);
    }
  });

  it("begins with the likeliest", () => {
    expect(available(of("draft"), "operator")[0]).toBe("start");
    expect(available(of("completed", { verdict: verdict("promote") }), "operator")[0]).toBe("promote");
    expect(available(of("promoted"), "operator")[0]).toBe("rollBack");
  });

  it("goes over a verdict by an admin alone", () => {
    const rejected = of("completed", { verdict: verdict("reject") });
    expect(available(rejected, "admin")).toContain("force");
    expect(available(rejected, "operator")).not.toContain("force");
    expect(available(rejected, "operator")).not.toContain("promote");
    expect(available(of("stopped"), "admin")).toContain("force");
    expect(available(of("completed", { verdict: verdict("promote") }), "admin")).not.toContain("force");
  });

  it("extends and stops what measures, and archives what rests", () => {
    expect(available(of("running"), "operator")).toEqual(expect.arrayContaining(["extend", "stop", "rollBack"]));
    expect(available(of("starting"), "operator")).not.toContain("extend");
    expect(available(of("running"), "operator")).not.toContain("archive");
    for (const state of ["draft", "completed", "promoted", "rolledBack", "stopped"] as State[]) {
      expect(available(of(state), "operator")).toContain("archive");
      expect(available(of(state, { archived: true }), "operator")).toContain("unarchive");
    }
  });

  it("starts and promotes nothing from the archive", () => {
    expect(available(of("draft", { archived: true }), "admin")).toEqual(["clone", "unarchive"]);
    expect(available(of("completed", { archived: true, verdict: verdict("promote") }), "admin")).not.toContain("promote");
  });
});
