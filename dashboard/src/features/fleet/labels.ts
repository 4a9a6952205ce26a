/** Labels as lines of a form, `key=value` each; a label without a value is its key alone. */
export const toLines = (labels: Record<string, string>): string[] =>
  Object.entries(labels)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`));

/** What the lines say. Of a key that is there twice, which the form refuses, the last one counts. */
export const fromLines = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );

/** Only what the control plane could not tell any more: which of two values was meant. Whether a label is one it decides. */
export function linesProblem(lines: readonly string[]): string | null {
  const keys = lines.map((line) => line.split("=", 1)[0]?.trim() ?? "");
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  return twice === undefined ? null : `'${twice}' is there twice.`;
}
