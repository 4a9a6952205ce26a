import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { dataOf, KINDS, type Kind, read } from "./configuration";
import { add, deleteIn, EditRefused, freeId, move, remove, setIn, unuse, use } from "./edits";
import { graphOf } from "./graph";

const BLOCK = `# What this host sends.
receivers:
  otlp:   # from the applications
    protocols:
      http: {endpoint: "127.0.0.1:4318"}   # local only

  hostmetrics:
    collection_interval: 15s
    scrapers: {cpu: {}, memory: }

processors:
  # The heaviest customers stay.
  phoenix_topk/customers:
    metrics: ["shop.*"]
    labels:
      - customer   # the ranked one
      - tenant
    k: 20          # measured
    hysteresis:
      enter: 0.5

  filter:
    metrics:
      datapoint:
        - 'attributes["status"] == "200"'
  batch:

exporters:
  otlphttp:
    endpoint: \${env:BACKEND}
    headers: {authorization: 'Bearer \${env:TOKEN}'}
  debug: {}

service:
  telemetry: {logs: {level: warn}}
  pipelines:
    metrics/main:
      receivers:
        - otlp
        # of the machine itself
        - hostmetrics
      processors:
        - filter              # before anything is folded
        - phoenix_topk/customers
        - batch
      exporters: [ otlphttp,  debug ]
# the end
`;

const FLOW = `receivers: {otlp: {protocols: {http: {}}}}
exporters: {debug: {}, nop: }
service:
  pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}
`;

const SMALL = `receivers:
    otlp:
        protocols:
            grpc:
exporters:
    debug:
service:
    pipelines:
        metrics:
            receivers: [otlp]
            exporters: [debug]`;

const TEXTS = { BLOCK, FLOW, SMALL };

const data = (text: string) => parseDocument(text, { merge: true }).toJS();
const comments = (text: string) => text.match(/#.*$/gm) ?? [];

/** Mulberry32: the same edits at every run. */
function random(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { below: (n: number) => Math.floor(next() * n), pick: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T };
}

const TYPES: Record<Kind, string[]> = {
  receivers: ["otlp", "prometheus"],
  processors: ["filter", "phoenix_topk", "attributes"],
  exporters: ["debug", "otlphttp"],
};
const VALUES: unknown[] = [
  null,
  {},
  { k: 3 },
  { metrics: ["a.*", "b: c"], nested: { enter: 0.5, list: [{ key: "x", action: "delete" }] } },
];

describe.each(Object.entries(TEXTS))("random edits of %s", (_, original) => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))("mean what was asked and nothing else (seed %i)", (seed) => {
    const r = random(seed);
    let text = original;
    for (let step = 0; step < 12; step++) {
      const before = read(text);
      const wanted = data(text);
      const kind = r.pick(KINDS);
      const list = before.uses[kind];
      const lists = wanted.service.pipelines[before.pipeline as string];
      const what = r.below(6);
      if (what === 0) {
        const id = freeId(
          r.pick(TYPES[kind]),
          before.components.filter((c) => c.kind === kind).map((c) => c.id),
        );
        const at = r.below(list.length + 1);
        const value = r.pick(VALUES);
        text = add(text, kind, id, value, at);
        wanted[kind] = { ...wanted[kind], [id]: value };
        lists[kind] = list.toSpliced(at, 0, id);
      } else if (what === 1 && list.length > 1) {
        const id = r.pick(list);
        text = remove(text, kind, id);
        delete wanted[kind][id];
        if (Object.keys(wanted[kind]).length === 0) wanted[kind] = data(text)[kind];
        lists[kind] = list.filter((x) => x !== id);
      } else if (what === 2 && list.length > 1) {
        const [from, to] = [r.below(list.length), r.below(list.length)];
        text = move(text, kind, from, to);
        const moved = [...list];
        moved.splice(to, 0, ...moved.splice(from, 1));
        lists[kind] = moved;
      } else if (what === 3 && list.length > 1) {
        const id = r.pick(list);
        text = unuse(text, kind, id);
        lists[kind] = list.filter((x) => x !== id);
      } else if (what === 4) {
        const defined = before.components.find((c) => c.kind === kind && c.defined);
        if (defined === undefined) continue;
        const value = r.pick<unknown>([7, "1m30s", "with: colon", true, ["a", "b, c"], { x: { y: 1 } }, "# no comment", "multi\nline"]);
        text = setIn(text, [kind, defined.id, "added"], value);
        wanted[kind][defined.id] = { ...wanted[kind][defined.id], added: value };
      } else {
        const defined = before.components.find(
          (c) => c.kind === kind && c.defined && Object.keys((dataOf(text, kind, c.id) as object | null) ?? {}).length > 1,
        );
        if (defined === undefined) continue;
        const key = r.pick(Object.keys(dataOf(text, kind, defined.id) as object));
        text = deleteIn(text, [kind, defined.id, key]);
        delete wanted[kind][defined.id][key];
      }
      expect(data(text), text).toEqual(wanted);
      const after = read(text);
      expect(after.uses).toEqual(Object.fromEntries(KINDS.map((k) => [k, lists[k] ?? []])));
      expect(after.broken).toEqual([]);
      const graph = graphOf(after);
      expect(graph.nodes.map((n) => n.component.id)).toEqual(KINDS.flatMap((k) => after.uses[k]));
      for (const edge of graph.edges) expect(graph.nodes.map((n) => n.id)).toEqual(expect.arrayContaining([edge.source, edge.target]));
    }
  });
});

describe("an edit", () => {
  const chain = ["filter", "phoenix_topk/customers", "batch"];

  it.each(chain.flatMap((_, from) => chain.map((_, to) => [from, to] as const)))(
    "moved from %i to %i and back leaves the text byte by byte",
    (from, to) => {
      const there = move(BLOCK, "processors", from, to);
      expect(read(there).uses.processors).toEqual(chain.toSpliced(from, 1).toSpliced(to, 0, chain[from] as string));
      expect(comments(there).toSorted()).toEqual(comments(BLOCK).toSorted());
      expect(move(there, "processors", to, from)).toBe(BLOCK);
    },
  );

  it.each(KINDS)("that adds to the %s and takes it away again leaves the text byte by byte", (kind) => {
    const taken = read(BLOCK)
      .components.filter((c) => c.kind === kind)
      .map((c) => c.id);
    for (let at = 0; at <= read(BLOCK).uses[kind].length; at++) {
      const id = freeId("nop", taken);
      const added = add(BLOCK, kind, id, { k: 1 }, at);
      expect(read(added).uses[kind][at]).toBe(id);
      expect(remove(added, kind, id)).toBe(BLOCK);
    }
  });

  it("changes the line of its key alone", () => {
    const changed = setIn(BLOCK, ["processors", "phoenix_topk/customers", "k"], 50);
    expect(changed).toBe(BLOCK.replace("k: 20          # measured", "k: 50          # measured"));
    expect(setIn(changed, ["processors", "phoenix_topk/customers", "k"], 20)).toBe(BLOCK);
  });

  it("keeps how a text was quoted", () => {
    expect(setIn(BLOCK, ["receivers", "otlp", "protocols", "http", "endpoint"], "0.0.0.0:4318")).toBe(
      BLOCK.replace("127.0.0.1:4318", "0.0.0.0:4318"),
    );
  });

  it("adds a key below the others of its mapping", () => {
    expect(setIn(BLOCK, ["processors", "phoenix_topk/customers", "hysteresis", "leave"], 1.5)).toBe(
      BLOCK.replace("      enter: 0.5\n", "      enter: 0.5\n      leave: 1.5\n"),
    );
    expect(setIn(BLOCK, ["processors", "batch", "timeout"], "1s")).toBe(BLOCK.replace("  batch:\n", "  batch:\n    timeout: 1s\n"));
    expect(setIn(BLOCK, ["exporters", "debug", "verbosity"], "normal")).toBe(BLOCK.replace("debug: {}", "debug: {verbosity: normal}"));
  });

  it("takes a key out with the comment that is its own", () => {
    const without = remove(BLOCK, "processors", "phoenix_topk/customers");
    expect(without).not.toContain("The heaviest customers stay");
    expect(without).toContain("before anything is folded");
    expect(read(without).uses.processors).toEqual(["filter", "batch"]);
  });

  it("writes a section that was missing before those that follow it", () => {
    const added = add(SMALL, "processors", "batch", null);
    expect(added).toContain("processors:\n  batch:\nexporters:");
    expect(read(added).uses.processors).toEqual(["batch"]);
  });

  it("names a component that is defined already", () => {
    expect(use(FLOW, "exporters", "nop")).toBe(FLOW.replace("[debug]", "[debug, nop]"));
  });

  it("is refused in a text that is no YAML, and in what an alias stands for", () => {
    expect(() => add("a: [", "processors", "batch", null)).toThrow(EditRefused);
    const aliased = SMALL.replace("debug:", "debug: &d {verbosity: normal}\n    debug/2: *d");
    expect(() => setIn(aliased, ["exporters", "debug/2", "verbosity"], "basic")).toThrow("alias");
  });
});

describe("a configuration", () => {
  it("tells where each component stands", () => {
    const topk = read(BLOCK).components.find((c) => c.type === "phoenix_topk");
    const lines = BLOCK.split("\n");
    expect(lines[(topk?.fromLine ?? 0) - 1]).toContain("phoenix_topk/customers:");
    expect(lines[(topk?.toLine ?? 0) - 1]).toContain("enter: 0.5");
  });

  it("that is no YAML says in which line, and shows what can be read", () => {
    const broken = read(BLOCK.replace("k: 20 ", "k: [20 "));
    expect(broken.broken.length).toBeGreaterThan(0);
    expect(broken.broken[0]?.line).toBeGreaterThan(10);
  });

  it("shows errors at the component that they are about", () => {
    const configuration = read(BLOCK.replace("- batch", "- batchh"));
    const graph = graphOf(configuration, [
      { line: 1, key: "processors.phoenix_topk/customers.k", message: "is out of range", remedy: "choose 1 to 10" },
      {
        line: 2,
        key: "service.pipelines.metrics/main.processors",
        message: "`batchh` is not defined under processors",
        remedy: "did you mean `batch`?",
      },
    ]);
    expect(graph.nodes.filter((n) => n.errors.length > 0).map((n) => n.component.id)).toEqual(["phoenix_topk/customers", "batchh"]);
    expect(graph.unused.map((c) => c.id)).toEqual(["batch"]);
    expect(graph.edges).toContainEqual({ id: "receivers:otlp→processors:filter", source: "receivers:otlp", target: "processors:filter" });
  });
});
