import { describe, expect, it } from "vitest";
import { EMPTY } from "./design";
import { addressOf, designFrom, readChoice, wizardSearch } from "./wizardSearch";

const latest = (id: string) => (id === "all" ? 3 : null);

describe("the address of the wizard", () => {
  it("begins with what another page knows", () => {
    const search = wizardSearch({ hosts: ["a", "b"], baseline: "all", candidate: "topk@2", metric: "shop.requests" });
    expect(search.metric).toBe("shop.requests");
    expect(designFrom(search, latest)).toMatchObject({
      chooseBy: "hosts",
      hosts: ["a", "b"],
      baseline: { pipelineId: "all", version: 3 },
      candidate: { pipelineId: "topk", version: 2 },
    });
  });

  it("begins with no pipeline that there is not", () => {
    expect(designFrom({ baseline: "gone", candidate: "" }, latest)).toMatchObject({ baseline: null, candidate: null });
  });

  it("reads a version in the ways that people write it", () => {
    expect(readChoice("p@2")).toEqual({ pipelineId: "p", version: 2 });
    expect(readChoice("p:v2")).toEqual({ pipelineId: "p", version: 2 });
    expect(readChoice("p")).toEqual({ pipelineId: "p", version: 0 });
    expect(readChoice("p@new")).toBeNull();
    expect(readChoice(undefined)).toBeNull();
  });

  it("takes no argument that no parameter can hold", () => {
    expect(wizardSearch({ args: { k: 5, metrics: ["a"], by: "rate", bad: { a: 1 }, worse: [1] } }).args).toEqual({
      k: 5,
      metrics: ["a"],
      by: "rate",
    });
    expect(wizardSearch({ power: { expectedReductionPct: 30, windowDeviationPct: "2", other: 1 } }).power).toEqual({
      expectedReductionPct: 30,
    });
    expect(wizardSearch({ args: "k=5", step: "nowhere" })).toMatchObject({ args: undefined, step: undefined });
  });

  it.each([
    { ...EMPTY, chooseBy: "selector" as const, selector: "role=web" },
    { ...EMPTY, chooseBy: "group" as const, group: "shops" },
    { ...EMPTY, chooseBy: "hosts" as const, hosts: ["a", "b"], baseline: { pipelineId: "all", version: 1 } },
  ])("keeps what was chosen over a reload", (design) => {
    expect(designFrom(wizardSearch(addressOf(design, false)), latest)).toEqual(design);
  });

  it("says nothing that the draft on the control plane says", () => {
    expect(Object.values(addressOf({ ...EMPTY, selector: "role=web" }, true)).filter((v) => v !== undefined)).toEqual([]);
  });
});
