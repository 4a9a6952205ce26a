import { type ComponentType, useCallback, useState } from "react";
import { showProblem } from "~/shared/components/showProblem";

/**
 * A part of the shell that is loaded when it is first asked for. Where it cannot be, since the control plane is away or has another version, that is said, and
 * the page stays. Browsers remember that a script could not be loaded until the page is loaded anew.
 */
export function usePart<P>(load: () => Promise<ComponentType<P>>): [ComponentType<P> | null, () => void] {
  const [part, setPart] = useState<ComponentType<P> | null>(null);
  const ask = useCallback(() => {
    void load().then(
      (loaded) => setPart(() => loaded),
      () =>
        showProblem(new Error("Its code could not be loaded: reload the page once the control plane answers."), "This cannot be opened"),
    );
  }, [load]);
  return [part, ask];
}
