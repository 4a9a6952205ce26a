import { describe, expect, it } from "vitest";
import { explorerSearch } from "./search";

const id = "0190a1b2-c3d4-7e5f-8a6b-0123456789ab";

describe("the address of the explorer", () => {
  it("leads to an exploration, a metric and a label", () => {
    const search = {
      exploration: id,
      metric: "http.requests",
      label: "customer",
      of: "point",
      price: "datadog-custom-metrics",
      sort: "cost",
      area: "cost",
    };
    expect(explorerSearch(search)).toEqual(search);
  });

  it("has no label without its metric, and no exploration that none can be", () => {
    expect(explorerSearch({ exploration: "latest", label: "customer", of: "resource", sort: "age" })).toEqual({});
  });
});
