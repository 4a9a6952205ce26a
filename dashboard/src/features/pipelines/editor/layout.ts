import { layout as arrange, Graph as Dagre } from "@dagrejs/dagre";
import type { Graph } from "../model/graph";

export const NODE = { width: 210, height: 68 };

/** Where each node stands, by its id: from left to right, or from top to bottom where the page is narrow. */
export function layout(graph: Graph, direction: "LR" | "TB"): Map<string, { x: number; y: number }> {
  const dagre = new Dagre();
  dagre.setGraph({ rankdir: direction, nodesep: 20, ranksep: direction === "LR" ? 48 : 32 });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) dagre.setNode(node.id, { ...NODE });
  for (const edge of graph.edges) dagre.setEdge(edge.source, edge.target);
  arrange(dagre);
  return new Map(
    graph.nodes.map((node) => {
      const { x, y } = dagre.node(node.id);
      return [node.id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
}
