import type { ExplorationView, ExploredLabel, ExploredMetric } from "~/api/schema";

/** A host's identity cannot be folded on the host. */
const NOT_ON_A_HOST = new Set(["host.id", "host.name"]);

/** Whether a pipeline on a host could fold the label away; what is protected is folded by none. */
export const canFold = (metric: ExploredMetric, label: ExploredLabel): boolean => !metric.isProtected && !NOT_ON_A_HOST.has(label.name);

/** How the page of a new experiment is opened for folding a label of a metric: the catalogue's template with its two parameters, on the explored hosts. */
export const experimentFrom = (view: ExplorationView, metric: ExploredMetric, label: ExploredLabel) => ({
  template: "aggregated",
  args: { metrics: [metric.name], labels: [label.name] },
  metric: metric.name,
  hosts: view.hosts.map((h) => h.hostId).join(","),
});
