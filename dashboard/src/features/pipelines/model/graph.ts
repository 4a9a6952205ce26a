import { type Component, type Configuration, componentOf, type Issue, KINDS, type Kind } from "./configuration";

export interface GraphNode {
  /** `receivers:otlp`. */
  id: string;
  kind: Kind;
  component: Component;
  /** Place among those of its kind. */
  place: number;
  errors: Issue[];
  warnings: Issue[];
}

export interface GraphEdge {
  id: string;
  source: string;
  target: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Defined, and used by no pipeline. */
  unused: Component[];
}

export const nodeId = (kind: Kind, id: string): string => `${kind}:${id}`;

/** The way of the data: every receiver into the first processor, through the others in their order, into every exporter. */
export function graphOf(configuration: Configuration, errors: readonly Issue[] = [], warnings: readonly Issue[] = []): Graph {
  const about = (issues: readonly Issue[], component: Component) =>
    issues.filter((issue) => componentOf(issue, configuration.components) === component);
  const nodes: GraphNode[] = KINDS.flatMap((kind) =>
    [...new Set(configuration.uses[kind])].flatMap((id, place) => {
      const component = configuration.components.find((c) => c.kind === kind && c.id === id);
      return component === undefined
        ? []
        : [{ id: nodeId(kind, id), kind, component, place, errors: about(errors, component), warnings: about(warnings, component) }];
    }),
  );
  const of = (kind: Kind) => nodes.filter((n) => n.kind === kind);
  // Stages follow each other, whether or not there are processors between.
  const stages = [of("receivers"), ...of("processors").map((n) => [n]), of("exporters")].filter((stage) => stage.length > 0);
  const edges = stages.flatMap((stage, i) =>
    stage.flatMap((source) =>
      (stages[i + 1] ?? []).map((target) => ({ id: `${source.id}→${target.id}`, source: source.id, target: target.id })),
    ),
  );
  return { nodes, edges, unused: configuration.components.filter((c) => !c.used) };
}
