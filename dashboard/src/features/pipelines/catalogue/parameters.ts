import { ApiError } from "~/api/client";
import type { TemplateParameterView } from "~/api/schema";

export type ParameterInput = string | number | string[];

/** What the form begins with: defaults, and over them what the address says. */
export const valuesOf = (
  parameters: readonly TemplateParameterView[],
  given: Record<string, unknown> = {},
): Record<string, ParameterInput> => Object.fromEntries(parameters.map((p) => [p.name, (given[p.name] ?? p.default) as ParameterInput]));

/** What differs from the defaults: the only part that a request and an address have to say. */
export function argumentsOf(
  parameters: readonly TemplateParameterView[],
  values: Record<string, ParameterInput>,
): Record<string, ParameterInput> {
  const changed = parameters.filter((p) => JSON.stringify(values[p.name]) !== JSON.stringify(p.default));
  return Object.fromEntries(changed.map((p) => [p.name, values[p.name] as ParameterInput]));
}

/** Bounds and unit of a parameter, for people; empty where there is none worth saying. */
export function boundsOf(p: TemplateParameterView): string {
  const unit = p.unit ? ` ${p.unit}` : "";
  const [least, most] = [p.minimum, p.maximum];
  switch (p.type) {
    case "integer":
    case "number":
      return `${least} to ${most}${unit}.`;
    case "duration":
      return `${seconds(least)} to ${seconds(most)}.`;
    case "list":
    case "metrics":
      return p.allowed.length > 0 ? `Of ${p.allowed.join(", ")}.` : least > 0 ? "At least one." : "";
    default:
      return p.patternHelp ? `${p.patternHelp[0]?.toUpperCase()}${p.patternHelp.slice(1)}.` : "";
  }
}

function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)}ms`;
  if (value % 3600 === 0 && value > 0) return `${value / 3600}h`;
  return value % 60 === 0 && value > 0 ? `${value / 60}m` : `${value}s`;
}

/** What the control plane has against single parameters, by their names. */
export function refusedParameters(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError) || error.code !== "parameters-invalid" || !Array.isArray(error.problem.errors)) return {};
  return Object.fromEntries(
    (error.problem.errors as { parameter?: string; message?: string; remedy?: string }[]).flatMap((e) =>
      e.parameter === undefined ? [] : [[e.parameter, `It ${e.message}; ${e.remedy}`] as const],
    ),
  );
}
