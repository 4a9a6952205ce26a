import { expect, it } from "vitest";
import type { ExplorationView, ExploredLabel, ExploredMetric } from "~/api/schema";
import { canFold, experimentFrom } from "./experimentFrom";

const metric = { name: "requests", isProtected: false } as ExploredMetric;
const label = (name: string) => ({ name }) as ExploredLabel;

it("folds the label of the metric on the hosts that were explored", () => {
  const view = { hosts: [{ hostId: "web-1" }, { hostId: "web-2" }] } as ExplorationView;
  expect(experimentFrom(view, metric, label("customer"))).toEqual({
    template: "aggregated",
    args: { metrics: ["requests"], labels: ["customer"] },
    metric: "requests",
    hosts: "web-1,web-2",
  });
});

it("is not offered for what no host may fold", () => {
  expect(canFold(metric, label("customer"))).toBe(true);
  expect(canFold(metric, label("host.name"))).toBe(false);
  expect(canFold({ ...metric, isProtected: true }, label("customer"))).toBe(false);
});
