import { ApiError } from "~/api/client";
import type { TemplateView } from "~/api/schema";

export type ParameterValue = string | number | string[];
export type ParameterValues = Record<string, ParameterValue>;

const isValue = (value: unknown): value is ParameterValue =>
  typeof value === "string" || typeof value === "number" || (Array.isArray(value) && value.every((item) => typeof item === "string"));

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Every parameter's value: what is known of it, else its default. */
export function filledIn(template: TemplateView, ...known: Readonly<Record<string, unknown>>[]): ParameterValues {
  const values: ParameterValues = {};
  for (const { name, default: byDefault } of template.parameters) {
    const given = known.map((source) => source[name]).findLast(isValue);
    values[name] = given ?? (isValue(byDefault) ? byDefault : "");
  }
  return values;
}

/** Only what is not as the template has it by default: what has to be said. */
export function changed(template: TemplateView, values: ParameterValues): ParameterValues {
  return Object.fromEntries(
    template.parameters.flatMap(({ name, default: byDefault }) => {
      const value = values[name];
      if (value === undefined || same(value, byDefault)) return [];
      // A text may be empty; a number's field that was emptied means the default.
      return value === "" && typeof byDefault !== "string" ? [] : [[name, value] as const];
    }),
  );
}

/** Which of a template's parameters a form asks first, which it keeps behind, and which are about the input and output that all arms share. */
export function parted({ parameters, measurements }: TemplateView, ways: ReadonlySet<string>, given: readonly string[]) {
  // Those that were set when the template was measured are what it is about; the others do well by default.
  const telling = new Set([...given, ...measurements.flatMap((m) => Object.keys(m.arguments))]);
  const own = parameters.filter((p) => !ways.has(p.name));
  return {
    first: own.filter((p) => telling.has(p.name)),
    fine: own.filter((p) => !telling.has(p.name)),
    shared: parameters.filter((p) => ways.has(p.name)),
  };
}

/** What the control plane says is wrong, by parameter; empty for a refusal about something else. */
export function parameterErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError) || !Array.isArray(error.problem.errors)) return {};
  const found: Record<string, string> = {};
  for (const issue of error.problem.errors as Record<string, unknown>[])
    if (typeof issue.parameter === "string") found[issue.parameter] ??= `${issue.message}; ${issue.remedy}`;
  return found;
}
