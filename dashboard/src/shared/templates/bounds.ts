import type { TemplateParameterView } from "~/api/schema";

/** Bounds of a parameter in its unit, for people; empty where there is none worth saying. */
export function boundsOf(p: Pick<TemplateParameterView, "type" | "unit" | "minimum" | "maximum" | "patternHelp">): string {
  switch (p.type) {
    case "integer":
    case "number":
      return `${p.minimum} to ${p.maximum}${p.unit ? ` ${p.unit}` : ""}.`;
    case "duration":
      return `${written(p.minimum)} to ${written(p.maximum)}.`;
    case "list":
    case "metrics":
      return p.minimum > 0 ? "At least one." : "";
    default:
      return p.patternHelp ? `${p.patternHelp.slice(0, 1).toUpperCase()}${p.patternHelp.slice(1)}.` : "";
  }
}

/** Seconds as durations are written. */
function written(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
