import { isAlias, isCollection, isMap, isScalar, type Pair, parseDocument } from "yaml";
import { KINDS, type Kind, parse, pipelineName, textOf } from "./configuration";
import { addItem, addPair, mapAt, moveItem, removeItem, removePair, replaceValue, seqAt } from "./splice";

export type Path = readonly (string | number)[];

/** Why a visual edit cannot be made in this text, with what to do. */
export class EditRefused extends Error {
  override readonly name = "EditRefused";
}

/**
 * Makes one change twice: in the document, which says what the text must mean afterwards, and in its text, which keeps everything else as it is written.
 * Where the changed text does not mean just that, the document prints itself: comments stay, formatting is the printer's.
 */
function edit(
  text: string,
  change: (doc: ReturnType<typeof parse>["doc"]) => void,
  splice: (doc: ReturnType<typeof parse>["doc"]) => string | null,
): string {
  const { doc } = parse(text);
  if (doc.errors.length > 0) throw new EditRefused("The text is no YAML at the moment. Correct it in the editor first.");
  const spliced = splice(doc);
  change(doc);
  const meant = JSON.stringify(doc.toJS() ?? {});
  if (spliced !== null) {
    const again = parseDocument(spliced, { merge: true });
    if (again.errors.length === 0 && JSON.stringify(again.toJS() ?? {}) === meant) return spliced;
  }
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const pairOf = (doc: ReturnType<typeof parse>["doc"], parent: Path, key: string | number): Pair | null =>
  mapAt(doc, parent)?.items.find((pair) => textOf(pair.key) === String(key)) ?? null;

/** Sets a value, making the mappings that lead to it. */
export function setIn(text: string, path: Path, value: unknown): string {
  refuseAliases(text, path);
  return edit(
    text,
    (doc) => {
      // A key without a value stands for an empty mapping.
      for (let depth = 1; depth < path.length; depth++) {
        const at = path.slice(0, depth);
        if (!isCollection(doc.getIn(at, true))) doc.setIn(at, doc.createNode({}));
      }
      const old = doc.getIn(path, true);
      const node = doc.createNode(value) as { type?: unknown };
      if (isScalar(old) && typeof value === "string" && typeof old.value === "string" && isScalar(node)) node.type = old.type;
      doc.setIn(path, node);
    },
    (doc) => spliceIn(text, doc, path, value),
  );
}

function spliceIn(text: string, doc: ReturnType<typeof parse>["doc"], path: Path, value: unknown): string | null {
  const key = path.at(-1) as string;
  const parent = path.slice(0, -1);
  const map = mapAt(doc, parent);
  if (map !== null && (map.items.length > 0 || map.flow === true)) {
    const pair = pairOf(doc, parent, key);
    return pair === null ? addPair(text, map, key, value) : replaceValue(text, map, pair, value);
  }
  if (parent.length === 0) return null;
  // The mapping is missing or empty: it is written whole.
  return spliceIn(text, doc, parent, { [key]: value });
}

export function deleteIn(text: string, path: Path): string {
  refuseAliases(text, path);
  const key = path.at(-1) as string;
  const parent = path.slice(0, -1);
  return edit(
    text,
    (doc) => {
      doc.deleteIn(path);
      const left = doc.getIn(parent, true);
      // As the text then has it: a key without a value.
      if (parent.length > 0 && isMap(left) && left.items.length === 0 && left.flow !== true) doc.setIn(parent, null);
    },
    (doc) => {
      const map = mapAt(doc, parent);
      const pair = pairOf(doc, parent, key);
      return map === null || pair === null ? null : removePair(text, map, pair);
    },
  );
}

function refuseAliases(text: string, path: Path): void {
  const { doc } = parse(text);
  for (let depth = 1; depth < path.length; depth++)
    if (isAlias(doc.getIn(path.slice(0, depth), true)))
      throw new EditRefused(
        `${path.slice(0, depth).join(".")} is written as an alias (*name). Change it in the text, where what it stands for is.`,
      );
}

function listPath(text: string, kind: Kind): Path {
  const name = pipelineName(parse(text).doc);
  return ["service", "pipelines", name ?? "metrics", kind];
}

/** Names a component in the pipeline, at a place among those of its kind; the end by default. */
export function use(text: string, kind: Kind, id: string, at?: number): string {
  const path = listPath(text, kind);
  const list = seqAt(parse(text).doc, path);
  if (list === null) return setIn(text, path, [id]);
  const place = Math.max(0, Math.min(at ?? list.items.length, list.items.length));
  return edit(
    text,
    (doc) => void seqAt(doc, path)?.items.splice(place, 0, doc.createNode(id)),
    (doc) => {
      const seq = seqAt(doc, path);
      return seq === null ? null : addItem(text, seq, place, id);
    },
  );
}

/** Takes a component out of the pipeline; its definition stays. */
export function unuse(text: string, kind: Kind, id: string): string {
  const path = listPath(text, kind);
  const at = seqAt(parse(text).doc, path)?.items.findIndex((item) => isScalar(item) && String(item.value) === id) ?? -1;
  if (at < 0) return text;
  return edit(
    text,
    (doc) => void seqAt(doc, path)?.items.splice(at, 1),
    (doc) => {
      const seq = seqAt(doc, path);
      return seq === null ? null : removeItem(text, seq, at);
    },
  );
}

export function move(text: string, kind: Kind, from: number, to: number): string {
  const path = listPath(text, kind);
  const length = seqAt(parse(text).doc, path)?.items.length ?? 0;
  if (from === to || from < 0 || to < 0 || from >= length || to >= length) return text;
  return edit(
    text,
    (doc) => {
      const items = seqAt(doc, path)?.items;
      items?.splice(to, 0, ...items.splice(from, 1));
    },
    (doc) => {
      const seq = seqAt(doc, path);
      return seq === null ? null : moveItem(text, seq, from, to);
    },
  );
}

/** Defines a component, where it is not yet, and names it in the pipeline. `batch` has to stay last, so that processors come before it. */
export function add(text: string, kind: Kind, id: string, value: unknown, at?: number): string {
  const defined = pairOf(parse(text).doc, [kind], id) !== null;
  return use(defined ? text : setIn(withSection(text, kind), [kind, id], value), kind, id, at);
}

/** Takes a component out of the pipeline and out of the file. */
export function remove(text: string, kind: Kind, id: string): string {
  const left = unuse(text, kind, id);
  return pairOf(parse(left).doc, [kind], id) === null ? left : deleteIn(left, [kind, id]);
}

/** A section that is missing is written where readers look for it: before those that follow it in the order of data. */
function withSection(text: string, kind: Kind): string {
  const { doc } = parse(text);
  if (doc.errors.length > 0 || !isMap(doc.contents) || doc.has(kind)) return text;
  const following = [...KINDS.slice(KINDS.indexOf(kind) + 1), "extensions", "service"];
  const next = doc.contents.items.find((pair) => following.includes(textOf(pair.key)));
  const at = (next?.key as { range?: [number, number, number] } | undefined)?.range?.[0];
  return at === undefined || doc.contents.flow === true ? text : `${text.slice(0, at)}${kind}:\n${text.slice(at)}`;
}

/** An id of a type that the file does not have yet: the type itself, or with a number behind a slash. */
export function freeId(type: string, taken: readonly string[]): string {
  if (!taken.includes(type)) return type;
  let n = 2;
  while (taken.includes(`${type}/${n}`)) n++;
  return `${type}/${n}`;
}
