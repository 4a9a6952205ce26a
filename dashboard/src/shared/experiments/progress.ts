/** How much of the planned evidence there is: windows that count, of those that the plan asks. */
export function progress(windows: number, plan: { durationSeconds: number; windowSeconds: number }): { required: number; pct: number } {
  const required = Math.ceil(plan.durationSeconds / plan.windowSeconds);
  return { required, pct: required > 0 ? Math.min(100, (100 * windows) / required) : 0 };
}
