import { describe, expect, it } from "vitest";
import { type Design, EMPTY } from "./design";
import { allProblems, furthest, openStep, problems, stepOf } from "./steps";

const whole: Design = {
  ...EMPTY,
  name: "N",
  selector: "role=web",
  baseline: { pipelineId: "all", version: 1 },
  candidate: { pipelineId: "all", version: 2 },
  priceEntry: "p",
};

describe("the steps", () => {
  it("open one after the other", () => {
    expect(furthest(EMPTY, false)).toBe("hosts");
    expect(furthest({ ...EMPTY, selector: "role=web" }, false)).toBe("pipelines");
    expect(furthest(whole, false)).toBe("pipelines");
    expect(furthest(whole, true)).toBe("review");
    expect(furthest({ ...whole, name: "" }, true)).toBe("criteria");
  });

  it("show the furthest that may be opened in place of one that may not", () => {
    expect(openStep("review", EMPTY, false)).toBe("hosts");
    expect(openStep("review", whole, false)).toBe("pipelines");
    expect(openStep("review", whole, true)).toBe("review");
    expect(openStep("hosts", whole, true)).toBe("hosts");
  });

  it.each([
    ["hosts", "hosts"],
    ["selector", "hosts"],
    ["group", "hosts"],
    ["baseline", "pipelines"],
    ["candidate", "pipelines"],
    ["template.parameters.k", "pipelines"],
    ["plan.windowSeconds", "criteria"],
    ["criteria.minSeriesReductionPct", "criteria"],
    ["sampleHosts", "criteria"],
    ["name", "criteria"],
    ["priceEntry", "criteria"],
    ["protectedMetrics", "criteria"],
  ] as const)("show a refusal of %s on %s", (field, step) => expect(stepOf(field)).toBe(step));
});

describe("what is missing", () => {
  it("is nothing in a whole design", () => expect(allProblems(whole)).toEqual({}));

  it("are hosts, in the way that they are chosen", () => {
    expect(Object.keys(problems("hosts", { ...whole, selector: "  " }))).toEqual(["selector"]);
    expect(Object.keys(problems("hosts", { ...whole, chooseBy: "group" }))).toEqual(["group"]);
    expect(Object.keys(problems("hosts", { ...whole, chooseBy: "hosts" }))).toEqual(["hosts"]);
  });

  it("is a difference, where the candidate is the baseline", () => {
    expect(problems("pipelines", { ...whole, candidate: whole.baseline }).candidate).toContain("nothing to compare");
    expect(Object.keys(problems("pipelines", { ...whole, baseline: null, candidate: null }))).toEqual(["baseline", "candidate"]);
  });

  it("are times and numbers that can be read", () => {
    const found = problems("criteria", {
      ...whole,
      plan: { ...whole.plan, durationSeconds: "a while" },
      criteria: { ...whole.criteria, maxCandidateCpuPct: "", maxAddedDelaySeconds: "-" },
    });
    expect(Object.keys(found)).toEqual(["plan.durationSeconds", "criteria.maxCandidateCpuPct", "criteria.maxAddedDelaySeconds"]);
  });

  it("are random hosts, for a claim on the fleet", () => {
    const fleet: Design = { ...whole, criteria: { ...whole.criteria, claim: "fleet" } };
    expect(Object.keys(problems("criteria", fleet))).toEqual(["sampleHosts"]);
    expect(problems("criteria", { ...fleet, sampleHosts: 10 })).toEqual({});
    expect(Object.keys(problems("criteria", { ...fleet, sampleHosts: 10, chooseBy: "hosts" }))).toEqual(["criteria.claim"]);
  });
});
