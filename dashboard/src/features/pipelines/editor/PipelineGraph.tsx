import "@xyflow/react/dist/style.css";
import { Group, Text, Tooltip, UnstyledButton, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconAlertTriangle, IconArrowBarToRight, IconCircleX, IconCpu, IconDownload } from "@tabler/icons-react";
import {
  Background,
  Controls,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { createContext, useContext, useEffect, useMemo } from "react";
import { counted } from "~/shared/format/numbers";
import { KINDS, type Kind } from "../model/configuration";
import type { Graph, GraphNode } from "../model/graph";
import { layout, NODE } from "./layout";
import classes from "./PipelineGraph.module.css";

const ICONS: Record<Kind, typeof IconCpu> = { receivers: IconDownload, processors: IconCpu, exporters: IconArrowBarToRight };
export const KIND_NAMES: Record<Kind, string> = { receivers: "Receiver", processors: "Processor", exporters: "Exporter" };

interface Choice {
  chosen: string | null;
  choose: (id: string | null) => void;
  vertical: boolean;
}

const ChoiceContext = createContext<Choice>({ chosen: null, choose: () => undefined, vertical: false });

type FlowNode = Node<{ node: GraphNode }, "component">;

function ComponentNode({ data: { node } }: NodeProps<FlowNode>) {
  const { chosen, choose, vertical } = useContext(ChoiceContext);
  const Icon = ICONS[node.kind];
  const isChosen = chosen === node.id;
  const problem = node.errors[0] ?? node.warnings[0];
  return (
    <>
      <Handle type="target" position={vertical ? Position.Top : Position.Left} isConnectable={false} />
      <Tooltip
        label={problem === undefined ? null : `${problem.key}: ${problem.message}`}
        disabled={problem === undefined}
        multiline
        maw={320}
      >
        <UnstyledButton
          className={`${classes.node} nopan`}
          data-kind={node.kind}
          data-chosen={isChosen || undefined}
          data-wrong={node.errors.length > 0 || undefined}
          aria-pressed={isChosen}
          aria-label={`${KIND_NAMES[node.kind]} ${node.component.id}${node.errors.length > 0 ? `, ${counted(node.errors.length, "error")}` : ""}`}
          style={{ width: NODE.width, height: NODE.height }}
          onClick={() => choose(isChosen ? null : node.id)}
        >
          <Group gap={6} wrap="nowrap">
            <Icon size={16} aria-hidden />
            <Text size="xs" c="dimmed" style={{ flex: 1 }}>
              {KIND_NAMES[node.kind]}
              {node.kind === "processors" && ` ${node.place + 1}`}
            </Text>
            {node.errors.length > 0 && <IconCircleX size={16} color="var(--mantine-color-error)" aria-hidden />}
            {node.errors.length === 0 && node.warnings.length > 0 && <IconAlertTriangle size={16} aria-hidden />}
          </Group>
          <Text size="sm" fw={600} truncate title={node.component.id}>
            {node.component.id}
          </Text>
        </UnstyledButton>
      </Tooltip>
      <Handle type="source" position={vertical ? Position.Bottom : Position.Right} isConnectable={false} />
    </>
  );
}

const NODE_TYPES = { component: ComponentNode };

/** React Flow takes the pointer from nodes that it may neither drag nor select; these hold a button. */
const CLICKABLE = { pointerEvents: "all" } as const;

interface Props {
  graph: Graph;
  chosen: string | null;
  onChoose: (id: string | null) => void;
  height?: number;
}

/** As high as the stage with most components asks. */
const heightOf = (graph: Graph): number => {
  const most = Math.max(
    ...KINDS.filter((kind) => kind !== "processors").map((kind) => graph.nodes.filter((n) => n.kind === kind).length),
    1,
  );
  return Math.min(420, 120 + most * (NODE.height + 20));
};

function Flow({ graph, chosen, onChoose, height = heightOf(graph) }: Props) {
  const { ref, width } = useElementSize();
  const vertical = width > 0 && width < 560;
  const scheme = useComputedColorScheme("light");
  const { fitView } = useReactFlow();
  const nodes = useMemo(() => {
    const places = layout(graph, vertical ? "TB" : "LR");
    return graph.nodes.map(
      (node): FlowNode => ({
        id: node.id,
        type: "component",
        position: places.get(node.id) ?? { x: 0, y: 0 },
        data: { node },
        ...NODE,
        style: CLICKABLE,
      }),
    );
  }, [graph, vertical]);
  const shape = nodes.map((n) => n.id).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes, goes or moves is brought into sight.
  useEffect(() => {
    const frame = requestAnimationFrame(() => void fitView({ padding: 0.1, maxZoom: 1 }));
    return () => cancelAnimationFrame(frame);
  }, [shape, vertical, width, fitView]);
  const choice = useMemo(() => ({ chosen, choose: onChoose, vertical }), [chosen, onChoose, vertical]);
  return (
    <section
      ref={ref}
      style={{ height: vertical ? Math.max(height, 440) : height }}
      className={classes.frame}
      aria-label="The way of the data"
    >
      <ChoiceContext.Provider value={choice}>
        <ReactFlow
          nodes={nodes}
          edges={graph.edges}
          nodeTypes={NODE_TYPES}
          colorMode={scheme}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          minZoom={0.2}
          maxZoom={1.5}
          fitView
          fitViewOptions={{ padding: 0.1, maxZoom: 1 }}
        >
          <Background gap={20} />
          <Controls showInteractive={false} />
        </ReactFlow>
      </ChoiceContext.Provider>
    </section>
  );
}

/** Receivers, processors in their order, exporters; each can be chosen, also by the keyboard. */
export const PipelineGraph = (props: Props) => (
  <ReactFlowProvider>
    <Flow {...props} />
  </ReactFlowProvider>
);
