import { describe, expect, it } from "vitest";
import { NO_TARGET, targetBody, targetOf, targetProblem } from "./target";

describe("a target", () => {
  it("sends only the way that was chosen", () => {
    const target = { by: "group" as const, hosts: ["web-1"], group: "web", selector: "role=web" };
    expect(targetBody(target)).toEqual({ group: "web" });
    expect(targetBody({ ...target, by: "hosts" })).toEqual({ hosts: ["web-1"] });
    expect(targetBody({ ...target, by: "selector" })).toEqual({ selector: "role=web" });
  });

  it("begins with what is most exact", () => {
    expect(targetOf({ hosts: ["web-1"], group: "web" }).by).toBe("hosts");
    expect(targetOf({ group: "web", selector: "a=b" }).by).toBe("group");
    expect(targetOf({ selector: "a=b" }).by).toBe("selector");
    expect(targetOf({}).by).toBe("hosts");
  });

  it("says what is missing", () => {
    expect(targetProblem(NO_TARGET)).toMatch(/host/);
    expect(targetProblem({ ...NO_TARGET, by: "group" })).toMatch(/group/);
    expect(targetProblem({ ...NO_TARGET, by: "selector", selector: "  " })).toMatch(/selector/);
    expect(targetProblem({ ...NO_TARGET, hosts: ["a"] })).toBeNull();
  });
});
