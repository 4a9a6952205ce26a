import { describe, expect, it } from "vitest";
import type { ExperimentView } from "~/api/schema";
import { type Design, designOf, EMPTY, overlapQuestion, plannedWindows, requestOf } from "./design";

const choice = (pipelineId: string, version = 1) => ({ pipelineId, version });

const design = (over: Partial<Design> = {}): Design => ({
  ...EMPTY,
  name: " Fold customers ",
  selector: " role=web ",
  hosts: ["a", "b"],
  group: "shops",
  baseline: choice("all"),
  candidate: choice("topk", 2),
  priceEntry: "p",
  ...over,
});

describe("the request", () => {
  it("says times in seconds, memory in bytes and texts without what stands around them", () => {
    expect(requestOf(design(), "")).toEqual({
      name: "Fold customers",
      hypothesis: "",
      baseline: { pipelineId: "all", version: 1 },
      candidate: { pipelineId: "topk", version: 2 },
      hosts: null,
      selector: "role=web",
      group: "",
      plan: { warmUpSeconds: 120, durationSeconds: 86_400, windowSeconds: 60 },
      criteria: {
        claim: "hosts",
        minSeriesReductionPct: 10,
        maxConservationErrorPct: 0.1,
        maxCandidateCpuPct: 100,
        maxCandidateResidentBytes: 536_870_912,
        maxAddedDelaySeconds: 60,
        lowestHostReductionPct: -10,
      },
      protectedMetrics: [],
      priceEntry: "p",
      reason: "",
      sampleHosts: null,
    });
  });

  it.each([
    ["selector", { selector: "role=web", group: "", hosts: null }],
    ["group", { selector: "", group: "shops", hosts: null }],
    ["hosts", { selector: "", group: "", hosts: ["a", "b"] }],
  ] as const)("means hosts in one way alone: %s", (chooseBy, expected) => {
    expect(requestOf(design({ chooseBy }), "")).toMatchObject(expected);
  });

  it("draws no hosts out of those that were picked", () => {
    expect(requestOf(design({ chooseBy: "hosts", sampleHosts: 5 }), "").sampleHosts).toBeNull();
    expect(requestOf(design({ sampleHosts: "5" }), "").sampleHosts).toBe(5);
  });

  it("asks who else wants the hosts only where some are meant", () => {
    expect(overlapQuestion(design({ selector: " " }), null)).toBeNull();
    expect(overlapQuestion(design({ chooseBy: "hosts", hosts: [] }), null)).toBeNull();
    expect(overlapQuestion(design({ chooseBy: "hosts" }), "me")).toEqual({ hosts: ["a", "b"], selector: "", group: "", except: "me" });
  });
});

describe("a design that is read", () => {
  const x = {
    name: "N",
    hypothesis: "H",
    selector: null,
    group: "shops",
    hosts: ["a"],
    baseline: { pipelineId: "all", version: 1, name: "x", configurationHash: "" },
    candidate: { pipelineId: "topk", version: 2, name: "y", configurationHash: "" },
    plan: { warmUpSeconds: 90, durationSeconds: 5400, windowSeconds: 2.5 },
    criteria: {
      claim: "fleet",
      minSeriesReductionPct: 12.5,
      maxConservationErrorPct: 0.2,
      maxCandidateCpuPct: 50,
      maxCandidateResidentBytes: 268_435_456,
      maxAddedDelaySeconds: 30,
      lowestHostReductionPct: -5,
    },
    sampleHosts: 8,
    protectedMetrics: ["up"],
    priceEntry: "p",
  } as unknown as ExperimentView;

  it("is asked for as it was", () => {
    expect(requestOf(designOf(x), "")).toEqual({
      name: "N",
      hypothesis: "H",
      hosts: null,
      selector: "",
      group: "shops",
      baseline: { pipelineId: "all", version: 1 },
      candidate: { pipelineId: "topk", version: 2 },
      plan: x.plan,
      criteria: x.criteria,
      sampleHosts: 8,
      protectedMetrics: ["up"],
      priceEntry: "p",
      reason: "",
    });
  });

  it("names its hosts where nothing chooses them", () => {
    const picked = { ...x, group: null as never, sampleHosts: null };
    expect(designOf(picked)).toMatchObject({ chooseBy: "hosts", hosts: ["a"], group: null });
  });
});

describe("the windows of a plan", () => {
  const plan = (durationSeconds: string, windowSeconds: string) => plannedWindows({ ...EMPTY.plan, durationSeconds, windowSeconds });
  it("are rounded up as the control plane does", () => {
    expect(plan("1 d", "1 min")).toBe(1440);
    expect(plan("61 s", "60 s")).toBe(2);
  });
  it("are not told where a time cannot be read", () => {
    expect(plan("soon", "1 s")).toBeNull();
    expect(plan("1 h", "0")).toBeNull();
  });
});
