import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Pair, parseDocument } from "yaml";

export type Kind = "receivers" | "processors" | "exporters";
export const KINDS: readonly Kind[] = ["receivers", "processors", "exporters"];

/** Something wrong with a configuration, in the form of the control plane's check. */
export interface Issue {
  line: number;
  key: string;
  message: string;
  remedy: string;
}

/** A component that a configuration defines, or that its pipeline names without one. */
export interface Component {
  kind: Kind;
  id: string;
  type: string;
  /** Whether the pipeline names it. */
  used: boolean;
  defined: boolean;
  /** Lines of its definition from 1, the last one included; 0 where there is none. */
  fromLine: number;
  toLine: number;
}

/** What the visual editor shows of a configuration's text. */
export interface Configuration {
  /** The metrics pipeline, such as `metrics` or `metrics/main`; null where there is none yet. */
  pipeline: string | null;
  /** Ids in the order in which the pipeline names them. */
  uses: Record<Kind, string[]>;
  components: Component[];
  /** Why the text is no YAML; then the rest is what could be read of it. */
  broken: Issue[];
}

export interface Parsed {
  doc: Document.Parsed;
  lines: LineCounter;
}

export function parse(text: string): Parsed {
  const lines = new LineCounter();
  return { doc: parseDocument(text, { lineCounter: lines, merge: true, keepSourceTokens: false }), lines };
}

export const typeOf = (id: string): string => id.split("/")[0] ?? id;

export function read(text: string): Configuration {
  const { doc, lines } = parse(text);
  const broken = doc.errors.map((e) => ({
    line: lines.linePos(e.pos[0]).line,
    key: "(file)",
    message: e.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? e.message,
    remedy: "Correct the YAML.",
  }));
  const pipeline = pipelineName(doc);
  const uses = Object.fromEntries(KINDS.map((kind) => [kind, idsIn(doc, pipeline, kind)])) as Record<Kind, string[]>;
  const components = KINDS.flatMap((kind) => {
    const defined = pairsIn(doc, kind).map((pair): Component => {
      const id = textOf(pair.key);
      const [from, to] = extent(pair);
      return {
        kind,
        id,
        type: typeOf(id),
        used: uses[kind].includes(id),
        defined: true,
        fromLine: lines.linePos(from).line,
        toLine: lines.linePos(Math.max(from, lastInk(text, from, to))).line,
      };
    });
    const missing = [...new Set(uses[kind])].filter((id) => !defined.some((c) => c.id === id));
    return [
      ...defined,
      ...missing.map((id): Component => ({ kind, id, type: typeOf(id), used: true, defined: false, fromLine: 0, toLine: 0 })),
    ];
  });
  return { pipeline, uses, components, broken };
}

/** The value of a component as plain data; null where it has none. */
export function dataOf(text: string, kind: Kind, id: string): unknown {
  const { doc } = parse(text);
  const data = doc.errors.length > 0 ? null : (doc.toJS() as Record<string, Record<string, unknown> | null> | null);
  return data?.[kind]?.[id] ?? null;
}

export function pipelineName(doc: Document.Parsed): string | null {
  const pipelines = doc.getIn(["service", "pipelines"], true);
  if (!isMap(pipelines)) return null;
  const names = pipelines.items.map((pair) => textOf(pair.key));
  return names.find((name) => typeOf(name) === "metrics") ?? null;
}

function idsIn(doc: Document.Parsed, pipeline: string | null, kind: Kind): string[] {
  const list = pipeline === null ? null : doc.getIn(["service", "pipelines", pipeline, kind], true);
  return isSeq(list) ? list.items.flatMap((item) => (isScalar(item) && item.value !== null ? [String(item.value)] : [])) : [];
}

function pairsIn(doc: Document.Parsed, kind: Kind): Pair[] {
  const section = isMap(doc.contents) ? doc.get(kind, true) : null;
  return isMap(section) ? section.items.filter((item) => isPair(item)) : [];
}

export const textOf = (key: unknown): string => String(isScalar(key) ? key.value : key);

function extent(pair: Pair): [number, number] {
  const key = (pair.key as { range?: [number, number, number] } | null)?.range;
  const value = (pair.value as { range?: [number, number, number] } | null)?.range;
  return [key?.[0] ?? 0, value?.[1] ?? key?.[1] ?? 0];
}

/** Ranges of blocks reach over the blank lines behind them. */
function lastInk(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && /\s/.test(text[end - 1] ?? "")) end--;
  return Math.max(from, end - 1);
}

/** The components that an issue is about, by its key: `processors.phoenix_topk/a.k` is about that processor. */
export function componentOf(issue: Issue, components: readonly Component[]): Component | null {
  const about = components.filter(
    (c) => issue.key === `${c.kind}.${c.id}` || issue.key.startsWith(`${c.kind}.${c.id}.`) || issue.key.startsWith(`${c.kind}.${c.id}[`),
  );
  // An id may contain a dot, so that one id is the beginning of another: the longest is meant.
  const longest = about.toSorted((a, b) => b.id.length - a.id.length)[0];
  if (longest !== undefined) return longest;
  const named = /^`([^`]+)`/.exec(issue.message)?.[1];
  const kind = KINDS.find((k) => issue.key.endsWith(`.${k}`));
  return components.find((c) => c.kind === kind && c.id === named) ?? null;
}
