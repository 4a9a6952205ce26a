import { useCallback, useMemo } from "react";
import { words } from "./read";

/** Ticks, or not, among ids that stand in the address between commas. */
export function tickedIn(inAddress: string | undefined, id: string, on: boolean): string | undefined {
  const next = new Set(words(inAddress));
  if (on) next.add(id);
  else next.delete(id);
  return next.size === 0 ? undefined : [...next].join(",");
}

/**
 * Ticked rows, whose ids stand in the address between commas.
 * @param change changes the address as it is by then: of two quick ticks the second one follows the first.
 */
export function useTicked(
  inAddress: string | undefined,
  change: (next: (inAddress: string | undefined) => string | undefined) => void,
): [Set<string>, (id: string, on: boolean) => void] {
  const ticked = useMemo(() => new Set(words(inAddress)), [inAddress]);
  const tick = useCallback((id: string, on: boolean) => change((now) => tickedIn(now, id, on)), [change]);
  return [ticked, tick];
}
