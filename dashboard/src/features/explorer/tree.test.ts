import { describe, expect, it } from "vitest";
import type { ExplorationView, ExploredLabel, ExploredMetric } from "~/api/schema";
import { branches, found, openedLabel, openedMetric } from "./tree";

const label = (name: string, change: Partial<ExploredLabel> = {}): ExploredLabel => ({
  name,
  ofResource: false,
  values: 2,
  valuesAtLeast: false,
  series: 80,
  monthlyCost: 8,
  top: [
    { value: "a", series: 50, monthlyCost: 5 },
    { value: "b", series: 20, monthlyCost: 2 },
  ],
  otherSeries: 10,
  ...change,
});

const metric = (name: string, series: number, labels: ExploredLabel[], monthlyCost: number | null = null): ExploredMetric => ({
  name,
  type: "sum",
  unit: "1",
  series,
  samplesPerMinute: 60,
  monthlyCost,
  sharePct: series / 2,
  isProtected: false,
  hosts: 1,
  atLeast: false,
  labels,
  otherLabels: 0,
});

const view = {
  totalSeries: 200,
  otherSeries: 20,
  metrics: [
    metric("requests", 100, [label("customer"), label("customer", { ofResource: true, top: [] })], 1),
    metric("bytes", 80, [label("device")], 5),
  ],
} as unknown as ExplorationView;

describe("the tree of an exploration", () => {
  it("is in the order that was asked for, both ways", () => {
    const names = (search: Parameters<typeof branches>[1]) =>
      branches(view, search)
        .map((b) => b.name)
        .slice(0, 2);
    expect(names({})).toEqual(["requests", "bytes"]);
    expect(names({ order: "asc" })).toEqual(["bytes", "requests"]);
    expect(names({ sort: "name" })).toEqual(["bytes", "requests"]);
    expect(names({ sort: "name", order: "desc" })).toEqual(["requests", "bytes"]);
    expect(names({ sort: "cost", order: "asc" })).toEqual(["requests", "bytes"]);
  });

  it("lists metrics, and below the opened ones their labels and values", () => {
    expect(branches(view, {}).map((b) => b.name)).toEqual(["requests", "bytes", "Other metrics"]);
    expect(branches(view, { metric: "requests", label: "customer", of: "point" }).map((b) => `${b.depth} ${b.name} ${b.series}`)).toEqual([
      "0 requests 100",
      "1 customer 80",
      "2 a 50",
      "2 b 20",
      "2 Other values 10",
      "1 customer 80",
      "0 bytes 80",
      "0 Other metrics 20",
    ]);
  });

  it("tells every branch's share of everything that was explored", () => {
    const shares = branches(view, { metric: "requests", label: "customer", of: "point" });
    expect(shares[2]?.sharePct).toBe(25);
    expect(shares.at(-1)?.sharePct).toBe(10);
  });

  it("keeps a resource's label apart from a point's of the same name", () => {
    const of = openedMetric(view, { metric: "requests" });
    expect(openedLabel(of, { metric: "requests", label: "customer", of: "resource" })?.ofResource).toBe(true);
    expect(openedLabel(of, { metric: "requests", label: "customer" })?.ofResource).toBe(false);
    expect(openedLabel(of, { metric: "requests" })).toBeNull();
  });

  it("finds names of metrics, labels and values, however they are written", () => {
    expect(found(view.metrics, "DEVICE").map((m) => m.name)).toEqual(["bytes"]);
    expect(found(view.metrics, " request ").map((m) => m.name)).toEqual(["requests"]);
    expect(found(view.metrics, "nothing")).toEqual([]);
    expect(branches(view, { find: "device" }).map((b) => b.name)).toEqual(["bytes"]);
  });

  it("sorts metrics by money or name", () => {
    expect(branches(view, { sort: "cost" })[0]?.name).toBe("bytes");
    expect(branches(view, { sort: "name" })[0]?.name).toBe("bytes");
  });
});
