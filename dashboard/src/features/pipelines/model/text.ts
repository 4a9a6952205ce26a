import { Document, type Scalar, stringify } from "yaml";

export const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;

/** Behind the line break of the line that `at` is in. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

export const indentBy = (text: string, columns: number): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? line : " ".repeat(columns) + line))
    .join("\n");

/**
 * A value as YAML without a line break at its end; empty for nothing.
 * @param flow on one line, as inside braces.
 * @param quotes how the text that it replaces was quoted.
 */
export function printValue(value: unknown, flow: boolean, quotes?: Scalar.Type): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") {
    const doc = new Document(value, { aliasDuplicateObjects: false });
    if (!flow) return doc.toString({ lineWidth: 0, nullStr: "" }).trimEnd();
    const node = doc.contents as { flow?: boolean } | null;
    if (node !== null) node.flow = true;
    return doc.toString({ lineWidth: 0, flowCollectionPadding: false, nullStr: "" }).trimEnd().replace(/\n\s*/g, " ");
  }
  const quoted = typeof value === "string" && (quotes === "QUOTE_SINGLE" || quotes === "QUOTE_DOUBLE") ? quotes : undefined;
  // Inside braces a comma or bracket would end the text.
  const inFlow = flow && typeof value === "string" && /[,[\]{}]/.test(value);
  return stringify(value, {
    lineWidth: 0,
    blockQuote: !flow,
    defaultStringType: quoted ?? (inFlow ? "QUOTE_DOUBLE" : "PLAIN"),
  }).trimEnd();
}
