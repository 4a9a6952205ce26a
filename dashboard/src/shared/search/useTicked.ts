import { useCallback, useMemo } from "react";
import { words } from "./read";

/** Ticked rows, whose ids stand in the address between commas. */
export function useTicked(
  inAddress: string | undefined,
  set: (ids: string | undefined) => void,
): [Set<string>, (id: string, on: boolean) => void] {
  const ticked = useMemo(() => new Set(words(inAddress)), [inAddress]);
  const tick = useCallback(
    (id: string, on: boolean) => {
      const next = new Set(ticked);
      if (on) next.add(id);
      else next.delete(id);
      set(next.size === 0 ? undefined : [...next].join(","));
    },
    [ticked, set],
  );
  return [ticked, tick];
}
