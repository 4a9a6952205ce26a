import { describe, expect, it } from "vitest";
import { newPipelineSearch, pipelineSearch, pipelinesSearch } from "./search";

describe("the address of pipelines", () => {
  it("keeps what it can mean", () => {
    const at = "2026-11-27T06:55:00Z";
    expect(pipelinesSearch({ tab: "catalogue", find: 7, template: "top-k", parameters: { k: 5 }, sort: "-name", at })).toEqual({
      tab: "catalogue",
      find: "7",
      template: "top-k",
      parameters: { k: 5 },
      sort: "-name",
      at,
    });
    expect(
      pipelineSearch({ tab: "versions", version: "3", from: 1, to: 2, node: "processors:batch", previews: ["a", 1], price: "p" }),
    ).toEqual({
      tab: "versions",
      version: 3,
      from: 1,
      to: 2,
      node: "processors:batch",
      previews: ["a"],
      price: "p",
      sort: undefined,
    });
  });

  it("leaves out what it cannot", () => {
    const nothing = (search: object) => Object.values(search).every((value) => value === undefined);
    expect(nothing(pipelinesSearch({ tab: "x", find: " ", parameters: [1], at: "yesterday" }))).toBe(true);
    expect(nothing(pipelineSearch({ tab: "x", version: 0, from: -1, to: "two", previews: [] }))).toBe(true);
    expect(nothing(newPipelineSearch({ from: "", version: 1.5, parameters: "k=5", previews: "a" }))).toBe(true);
  });
});
