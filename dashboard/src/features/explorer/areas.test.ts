import { describe, expect, it } from "vitest";
import type { ExplorationView } from "~/api/schema";
import { areasOf } from "./areas";

const view = {
  totalSeries: 200,
  otherSeries: 20,
  monthlyCost: 12,
  metrics: [
    {
      name: "requests",
      series: 180,
      monthlyCost: 9,
      labels: [
        {
          name: "customer",
          ofResource: false,
          values: 40,
          series: 180,
          monthlyCost: 9,
          top: [{ value: "c1", series: 120, monthlyCost: 6 }],
          otherSeries: 60,
        },
        {
          name: "service.name",
          ofResource: true,
          values: 1,
          series: 180,
          monthlyCost: 9,
          top: [{ value: "shop", series: 180, monthlyCost: 9 }],
          otherSeries: 0,
        },
      ],
    },
  ],
} as unknown as ExplorationView;

describe("the map of an exploration", () => {
  it("sizes metrics by series, with the rest so that areas add up to everything", () => {
    const { measure, areas } = areasOf(view, {});
    expect(measure).toBe("series");
    expect(areas.reduce((sum, a) => sum + a.value, 0)).toBe(view.totalSeries);
    expect(areas[0]?.opens).toEqual({ metric: "requests", label: undefined, of: undefined });
  });

  it("sizes labels by how many values they have, since they overlap", () => {
    const { measure, areas } = areasOf(view, { metric: "requests" });
    expect(measure).toBe("values");
    expect(areas.map((a) => [a.name, a.value])).toEqual([
      ["customer", 40],
      ["service.name (resource)", 1],
    ]);
    expect(areas[1]?.opens).toEqual({ metric: "requests", label: "service.name", of: "resource" });
  });

  it("sizes values so that they add up to their label, in series or money", () => {
    const at = { metric: "requests", label: "customer" };
    expect(areasOf(view, at).areas.map((a) => a.value)).toEqual([120, 60]);
    expect(areasOf(view, { ...at, area: "cost" }).areas.map((a) => a.value)).toEqual([6, 3]);
  });

  it("has no money where nothing was priced", () => {
    expect(areasOf({ ...view, monthlyCost: null }, { area: "cost" }).measure).toBe("series");
  });
});
