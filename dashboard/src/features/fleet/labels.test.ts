import { describe, expect, it } from "vitest";
import { fromLines, linesProblem, toLines } from "./labels";

describe("labels in a form", () => {
  it("are the same labels again", () => {
    const labels = { role: "web", "example.org/rack": "r1", gpu: "" };
    expect(toLines(labels)).toEqual(["example.org/rack=r1", "gpu", "role=web"]);
    expect(fromLines(toLines(labels))).toEqual(labels);
  });

  it("keep what stands after the first sign", () => {
    expect(fromLines(["a = b=c"])).toEqual({ a: "b=c" });
  });

  it("are refused where one is there twice", () => {
    expect(linesProblem(["a=1", "b", "a=2"])).toContain("'a'");
    expect(linesProblem(["a=1", "b"])).toBeNull();
  });
});
