import { describe, expect, it } from "vitest";
import { deploymentSearch, deploymentsSearch, newDeploymentSearch } from "./search";

describe("the address of deployments", () => {
  it("knows its tabs and states", () => {
    expect(deploymentsSearch({ tab: "drift", state: "held" })).toEqual({ tab: "drift", state: "held" });
    expect(deploymentsSearch({ tab: "x", state: "gone" })).toEqual({ tab: undefined, state: undefined });
    expect(deploymentSearch({ hosts: "failed" })).toEqual({ hosts: "failed" });
    expect(deploymentSearch({ hosts: "lost" })).toEqual({ hosts: undefined });
  });

  it("begins a new one with a version and whom it is for", () => {
    expect(newDeploymentSearch({ pipeline: "p", version: "2", hosts: ["a", 1, "b"], group: 12 })).toEqual({
      pipeline: "p",
      version: 2,
      hosts: ["a", "b"],
      group: "12",
      selector: undefined,
    });
    expect(newDeploymentSearch({ version: 0, hosts: [] })).toMatchObject({ version: undefined, hosts: undefined });
  });
});
