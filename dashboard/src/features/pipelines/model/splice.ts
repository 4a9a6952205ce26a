import { type Document, isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { indentBy, lineEnd, lineStart, printValue } from "./text";

/**
 * Changes of a document's text at one place, so that everything else of it (comments, blank lines, quotes) stays byte by byte. Each answers null where the
 * document is written in a way that it does not know; the caller then lets the document print itself.
 */
type Range = [number, number, number];

const rangeOf = (node: unknown): Range | null => {
  const range = (node as Node | null | undefined)?.range;
  return range ? (range as Range) : null;
};

const isFlow = (node: YAMLMap | YAMLSeq): boolean => node.flow === true;

const cut = (text: string, from: number, to: number, insert = ""): string => text.slice(0, from) + insert + text.slice(to);

const columnOf = (text: string, at: number): number => at - lineStart(text, at);

/** Where a pair's text ends: behind its value, or behind its colon where it has none. */
function pairEnd(text: string, pair: Pair): number | null {
  const value = rangeOf(pair.value);
  const key = rangeOf(pair.key);
  if (key === null) return null;
  if (value !== null && (value[1] > value[0] || isCollection(pair.value))) return value[1];
  const colon = text.indexOf(":", key[1]);
  return colon < 0 ? null : colon + 1;
}

/** From the beginning of the entry's first line to the beginning of the line behind its last one, a comment at its end included. */
function blockLines(text: string, start: number, end: number): [number, number] {
  let last = end;
  // A block's range may reach into the lines behind it.
  while (last > start && /\s/.test(text[last - 1] ?? "")) last--;
  return [lineStart(text, start), lineEnd(text, last)];
}

/** The comment lines right above an entry belong to it, unless they lead the whole collection. */
function withCommentsAbove(text: string, from: number, column: number): number {
  let start = from;
  while (start > 0) {
    const above = lineStart(text, start - 1);
    const line = text.slice(above, start);
    if (!/^\s*#/.test(line) || line.search(/\S/) < column) break;
    start = above;
  }
  return start;
}

/** Whether a value is written on lines of its own, below its key. */
const needsLines = (value: unknown, written: string): boolean =>
  written.includes("\n") || (typeof value === "object" && value !== null && !/^[[{]/.test(written) && written !== "");

/** Lists of single values are written on one line, unless they had lines of their own. */
const onOneLine = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null);

/** Replaces a pair's value. */
export function replaceValue(text: string, map: YAMLMap, pair: Pair, value: unknown): string | null {
  const key = rangeOf(pair.key);
  const range = rangeOf(pair.value);
  if (key === null) return null;
  const inFlow = isFlow(map);
  const old = isCollection(pair.value) ? (pair.value as YAMLMap | YAMLSeq) : null;
  const oldIsBlock = old !== null && !isFlow(old);
  const flow = inFlow || (old !== null ? isFlow(old) : onOneLine(value));
  const written = printValue(value, flow, isScalar(pair.value) ? pair.value.type : undefined);
  const colon = text.indexOf(":", key[1]);
  if (colon < 0) return null;
  const end = Math.max(pairEnd(text, pair) ?? colon + 1, colon + 1);
  if (needsLines(value, written)) {
    if (inFlow) return null;
    const head = lineEnd(text, colon);
    const lines = `${text[head - 1] === "\n" ? "" : "\n"}${indentBy(written, columnOf(text, key[0]) + 2)}\n`;
    if (oldIsBlock && range !== null) return range[0] < head ? null : cut(text, head, blockLines(text, range[0], range[1])[1], lines);
    // What stood behind the colon goes, and the comment behind it stays.
    return end > head ? null : cut(cut(text, head, head, lines), colon + 1, end);
  }
  const inLine = written === "" ? "" : ` ${written}`;
  if (oldIsBlock && range !== null) {
    const head = lineEnd(text, colon);
    return range[0] < head ? null : cut(cut(text, head, blockLines(text, range[0], range[1])[1]), colon + 1, colon + 1, inLine);
  }
  return cut(text, colon + 1, end, inLine);
}

/** Adds a pair at the end of a map that has entries, or fills one that is empty (`owner` is then the pair whose value it is). */
export function addPair(text: string, map: YAMLMap, key: string, value: unknown): string | null {
  const range = rangeOf(map);
  if (range === null) return null;
  if (isFlow(map)) {
    const close = text.lastIndexOf("}", range[1] - 1);
    if (close < range[0]) return null;
    const last = map.items.at(-1);
    const entry = `${printValue(key, true)}: ${printValue(value, true)}`;
    if (last === undefined) return cut(text, range[0], range[1], `{${entry}}`);
    const end = pairEnd(text, last);
    return end === null ? null : cut(text, end, end, `, ${entry}`);
  }
  const first = map.items[0];
  const last = map.items.at(-1);
  const at = rangeOf(first?.key)?.[0];
  const lastKey = rangeOf(last?.key)?.[0];
  if (first === undefined || last === undefined || at === undefined || lastKey === undefined) return null;
  const end = pairEnd(text, last);
  if (end === null) return null;
  const [, after] = blockLines(text, lastKey, end);
  const entry = indentBy(printPair(key, value), columnOf(text, at));
  return cut(text, after, after, `${after > 0 && text[after - 1] !== "\n" ? "\n" : ""}${entry}\n`);
}

export function printPair(key: string, value: unknown): string {
  const written = printValue(value, onOneLine(value));
  const name = printValue(key, true);
  if (written === "") return `${name}:`;
  return needsLines(value, written) ? `${name}:\n${indentBy(written, 2)}` : `${name}: ${written}`;
}

export function removePair(text: string, map: YAMLMap, pair: Pair): string | null {
  const at = map.items.indexOf(pair);
  const key = rangeOf(pair.key);
  const end = pairEnd(text, pair);
  if (at < 0 || key === null || end === null) return null;
  if (isFlow(map)) return cutFlowItem(text, map, at, key[0], end);
  const [from, to] = blockLines(text, key[0], end);
  return cut(text, withCommentsAbove(text, from, columnOf(text, key[0])), to);
}

function cutFlowItem(text: string, of: YAMLMap | YAMLSeq, at: number, from: number, end: number): string | null {
  const start = (item: unknown) => (isPair(item) ? rangeOf(item.key)?.[0] : rangeOf(item)?.[0]);
  const next = of.items[at + 1];
  if (next !== undefined) {
    const following = start(next);
    return following === undefined ? null : cut(text, from, following);
  }
  const before = of.items[at - 1];
  if (before === undefined) {
    const range = rangeOf(of);
    return range === null ? null : cut(text, range[0] + 1, range[1] - 1);
  }
  const ended = isPair(before) ? pairEnd(text, before) : rangeOf(before)?.[1];
  return ended === null || ended === undefined ? null : cut(text, ended, end);
}

interface Item {
  from: number;
  to: number;
}

/** Whole lines of every item of a block list, from its dash. */
function itemLines(text: string, seq: YAMLSeq): Item[] | null {
  const items: Item[] = [];
  for (const node of seq.items) {
    const range = rangeOf(node);
    if (range === null) return null;
    const [from, to] = blockLines(text, range[0], range[1]);
    if (!/^\s*- /.test(text.slice(from, to))) return null;
    items.push({ from: withCommentsAbove(text, from, text.slice(from).search(/\S/)), to });
  }
  return items;
}

export function removeItem(text: string, seq: YAMLSeq, at: number): string | null {
  const range = rangeOf(seq.items[at]);
  if (range === null) return null;
  if (isFlow(seq)) return cutFlowItem(text, seq, at, range[0], range[1]);
  const item = itemLines(text, seq)?.[at];
  // A list without items would become an empty value; the document prints `[]` instead.
  return item === undefined || seq.items.length === 1 ? null : cut(text, item.from, item.to);
}

export function addItem(text: string, seq: YAMLSeq, at: number, value: string): string | null {
  const range = rangeOf(seq);
  if (range === null) return null;
  const written = printValue(value, true);
  if (isFlow(seq)) {
    if (seq.items.length === 0) return cut(text, range[0], range[1], `[${written}]`);
    if (at < seq.items.length) {
      const start = rangeOf(seq.items[at])?.[0];
      return start === undefined ? null : cut(text, start, start, `${written}, `);
    }
    const end = rangeOf(seq.items.at(-1))?.[1];
    return end === undefined ? null : cut(text, end, end, `, ${written}`);
  }
  const items = itemLines(text, seq);
  const [first] = items ?? [];
  if (items === null || first === undefined) return null;
  const dash = /^( *)- /m.exec(
    text.slice(rangeOf(seq.items[0])?.[0] === undefined ? first.from : lineStart(text, (rangeOf(seq.items[0]) as Range)[0])),
  );
  if (dash === null) return null;
  const line = `${dash[1]}- ${written}\n`;
  const place = at < items.length ? (items[at] as Item).from : (items.at(-1) as Item).to;
  return cut(text, place, place, (place > 0 && text[place - 1] !== "\n" ? "\n" : "") + line);
}

/** An item's text moves with the comments above and behind it; what separates items stays where it is. */
export function moveItem(text: string, seq: YAMLSeq, from: number, to: number): string | null {
  const slots: Item[] | null = isFlow(seq)
    ? seq.items.map((node) => ({ from: rangeOf(node)?.[0] ?? -1, to: rangeOf(node)?.[1] ?? -1 }))
    : itemLines(text, seq);
  if (slots === null || slots.some((s) => s.from < 0)) return null;
  const order = slots.map((_, i) => i);
  order.splice(to, 0, ...order.splice(from, 1));
  const contents = order.map((i) => text.slice((slots[i] as Item).from, (slots[i] as Item).to));
  if (!isFlow(seq)) for (const [i, content] of contents.entries()) if (!content.endsWith("\n")) contents[i] = `${content}\n`;
  let out = text;
  for (let i = slots.length - 1; i >= 0; i--) out = cut(out, (slots[i] as Item).from, (slots[i] as Item).to, contents[i]);
  return out;
}

export const mapAt = (doc: Document.Parsed, path: readonly (string | number)[]): YAMLMap | null => {
  const node = path.length === 0 ? doc.contents : doc.getIn(path, true);
  return isMap(node) ? node : null;
};

export const seqAt = (doc: Document.Parsed, path: readonly (string | number)[]): YAMLSeq | null => {
  const node = doc.getIn(path, true);
  return isSeq(node) ? node : null;
};
