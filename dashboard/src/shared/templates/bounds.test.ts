import { describe, expect, it } from "vitest";
import { boundsOf } from "./bounds";

const parameter = { type: "integer" as const, unit: "groups", minimum: 1, maximum: 1000, patternHelp: null };

describe("the bounds of a parameter", () => {
  it("are told in its unit", () => {
    expect(boundsOf(parameter)).toBe("1 to 1000 groups.");
    expect(boundsOf({ ...parameter, type: "duration", minimum: 0.1, maximum: 3600 })).toBe("100ms to 1h.");
    expect(boundsOf({ ...parameter, type: "duration", minimum: 90, maximum: 300 })).toBe("90s to 5m.");
  });

  it("say that a list may not be empty, and what a text looks like", () => {
    expect(boundsOf({ ...parameter, type: "list" })).toBe("At least one.");
    expect(boundsOf({ ...parameter, type: "metrics", minimum: 0 })).toBe("");
    expect(boundsOf({ ...parameter, type: "string", patternHelp: "address and port" })).toBe("Address and port.");
  });
});
