import { expect, it } from "vitest";
import { read } from "./configuration";
import { graphOf } from "./graph";

const text = (processors: string) => `receivers:
  otlp:
  hostmetrics:
processors:
  batch:
  memory_limiter:
exporters:
  debug:
  otlphttp:
service:
  pipelines:
    metrics:
      receivers: [otlp, hostmetrics]
      processors: [${processors}]
      exporters: [debug]
`;

const edges = (processors: string) => graphOf(read(text(processors))).edges.map((e) => `${e.source} ${e.target}`);

it("leads every receiver through the processors in their order into every exporter", () => {
  expect(edges("memory_limiter, batch")).toEqual([
    "receivers:otlp processors:memory_limiter",
    "receivers:hostmetrics processors:memory_limiter",
    "processors:memory_limiter processors:batch",
    "processors:batch exporters:debug",
  ]);
});

it("leads receivers straight into exporters where nothing is between, and tells what is not used", () => {
  expect(edges("")).toEqual(["receivers:otlp exporters:debug", "receivers:hostmetrics exporters:debug"]);
  expect(graphOf(read(text(""))).unused.map((c) => c.id)).toEqual(["batch", "memory_limiter", "otlphttp"]);
});

it("shows an issue at the component that it is about", () => {
  const issue = { line: 5, key: "processors.batch.timeout", message: "It is no time.", remedy: "Write one." };
  const graph = graphOf(read(text("memory_limiter, batch")), [issue]);
  expect(graph.nodes.filter((n) => n.errors.length > 0).map((n) => n.id)).toEqual(["processors:batch"]);
});
