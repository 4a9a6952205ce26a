import { describe, expect, it } from "vitest";
import { NO_TARGET } from "~/shared/hosts/target";
import { DEFAULTS, requestOf } from "./plan";

const filled = { ...DEFAULTS, pipeline: "p", version: "3" };

describe("a request of a deployment", () => {
  it("names one way of choosing hosts", () => {
    const request = requestOf(filled, { ...NO_TARGET, by: "group", group: "web", hosts: ["a"] });
    expect(request).toMatchObject({ pipeline: { pipelineId: "p", version: 3 }, hosts: null, group: "web", selector: null });
  });

  it("has nothing where nothing is asked", () => {
    const request = requestOf(filled, NO_TARGET);
    expect(request).toMatchObject({ ticket: null, reason: null, overrideFreeze: null });
  });
});
