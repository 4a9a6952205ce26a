export interface Change {
  /** Such as `evidence.windows` or `hosts[3]`. */
  path: string;
  before: unknown;
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * What differs between two states, at the deepest place that both have: a list that has grown names what was added. `undefined` stands for what is not
 * there.
 */
export function changes(before: unknown, after: unknown, path = ""): Change[] {
  if (Object.is(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changes(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => changes(before[i], after[i], `${path}[${i}]`)).flat();
  }
  return [{ path, before, after }];
}
