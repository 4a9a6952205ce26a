import { describe, expect, it } from "vitest";
import { NO_TARGET } from "~/shared/hosts/target";
import { DEFAULTS, requestOf } from "./plan";

const filled = { ...DEFAULTS, pipeline: "p", version: "3" };

describe("a request of a deployment", () => {
  it("names one way of choosing hosts", () => {
    const request = requestOf(filled, { ...NO_TARGET, by: "group", group: "web", hosts: ["a"] });
    expect(request).toMatchObject({ pipeline: { pipelineId: "p", version: 3 }, hosts: null, group: "web", selector: null });
  });

  it("has memory in bytes, and nothing where nothing is asked", () => {
    const request = requestOf({ ...filled, maxResidentMib: 64, maxCpuPct: "" }, NO_TARGET);
    expect(request.rollout?.gate).toMatchObject({ off: null, maxResidentBytes: 64 * 1024 * 1024, maxCpuPct: null });
    expect(request).toMatchObject({ ticket: null, reason: null, overrideFreeze: null });
  });

  it("asks nothing after a wave where the gate is off", () => {
    expect(requestOf({ ...filled, gate: false }, NO_TARGET).rollout?.gate).toMatchObject({ off: true, dataLeaves: null });
  });
});
