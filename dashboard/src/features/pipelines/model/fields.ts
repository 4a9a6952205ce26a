import type { ComponentKey } from "~/api/schema";

export type FieldInput = "text" | "flag" | "number" | "choice" | "list" | "yaml";

/** A value of a component's configuration, and how it is edited. */
export interface Field {
  path: string[];
  /** Dotted, as descriptions have it. */
  name: string;
  value: unknown;
  input: FieldInput;
  /** What the collector says of the key; null where it is a name that the user gave, or unknown. */
  described: ComponentKey | null;
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSingle = (value: unknown): boolean => value === null || typeof value !== "object";

/** What is set, in its order; mappings whose keys the collector describes are taken apart. */
export function fieldsOf(value: unknown, keys: readonly ComponentKey[], path: string[] = []): Field[] {
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, inner]): Field[] => {
    const at = [...path, key];
    const name = at.join(".");
    const described = keys.find((k) => k.key === name) ?? null;
    const hasKeys = keys.some((k) => k.key.startsWith(`${name}.`));
    if (isMapping(inner) && hasKeys) {
      const below = fieldsOf(inner, keys, at);
      if (below.length > 0) return below;
    }
    return [{ path: at, name, value: inner, input: inputOf(inner, described), described }];
  });
}

function inputOf(value: unknown, described: ComponentKey | null): FieldInput {
  if (Array.isArray(value)) return value.every(isSingle) ? "list" : "yaml";
  if (isMapping(value)) return "yaml";
  // A variable of the host stands where a number or a choice does.
  const variable = typeof value === "string" && value.includes("${");
  switch (described?.type) {
    case "flag":
      return variable ? "text" : "flag";
    case "wholeNumber":
    case "number":
      return variable ? "text" : "number";
    case "choice":
      return variable ? "text" : "choice";
    case "list":
      return "list";
    case "section":
    case "sections":
      return "yaml";
    default:
      return typeof value === "boolean" ? "flag" : typeof value === "number" ? "number" : "text";
  }
}

/** Keys that can still be set: of sections those inside, and sections whose keys are the user's own names. */
export const unsetKeys = (value: unknown, keys: readonly ComponentKey[]): ComponentKey[] =>
  keys.filter((key) => {
    if (key.key.includes("[]")) return false;
    if (key.type === "section" && keys.some((k) => k.key.startsWith(`${key.key}.`))) return false;
    return !has(value, key.key.split("."));
  });

function has(value: unknown, path: readonly string[]): boolean {
  const [head, ...rest] = path;
  if (head === undefined) return true;
  return isMapping(value) && head in value && (rest.length === 0 || has(value[head], rest));
}

/** What a key begins with: its default, or the least that it can be. */
export function initialOf(key: ComponentKey): unknown {
  switch (key.type) {
    case "flag":
      return key.default !== "true";
    case "wholeNumber":
    case "number":
      return Number(key.default ?? key.minimum ?? 0);
    case "list":
    case "sections":
      return [];
    case "section":
      return {};
    default:
      return key.default ?? key.allowed[0] ?? key.minimum ?? "";
  }
}

/** What a key takes, for people: `1 to 1000000, 10 by default`. */
export function helpOf(key: ComponentKey | null): string | undefined {
  if (key === null) return undefined;
  const parts = [
    key.minimum !== null && key.maximum !== null ? `${key.minimum} to ${key.maximum}` : null,
    key.allowed.length > 0 && key.type === "list" ? `of ${key.allowed.join(", ")}` : null,
    key.default !== null && key.default !== "" ? `${key.default} by default` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? undefined : parts.join("; ");
}
