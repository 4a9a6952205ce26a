import { describe, expect, it } from "vitest";
import type { AgentView } from "~/api/schema";
import { commonProduction, runningIt } from "./production";

const host = (pipelineId: string | null, pipelineVersion = 1) =>
  ({ production: pipelineId === null ? null : { pipelineId, pipelineVersion } }) as unknown as AgentView;

describe("what hosts run", () => {
  it("is a baseline where it is the same on all of them", () => {
    expect(commonProduction([host("all"), host("all")])).toEqual({ pipelineId: "all", version: 1 });
    expect(commonProduction([host("all"), host("all", 2)])).toBeNull();
    expect(commonProduction([host("all"), host(null)])).toBeNull();
    expect(commonProduction([])).toBeNull();
  });

  it("is counted", () => {
    expect(runningIt([host("all"), host("all", 2), host(null)], { pipelineId: "all", version: 1 })).toBe(1);
  });
});
