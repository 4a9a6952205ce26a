import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { type Moment, parseMoment } from "./moments";

interface AsOf {
  /** Null: how it is now. */
  at: Moment | null;
  setAt: (at: Moment | null) => void;
}

/** The moment that the page is shown at, which stands in its address as `at`. The page's route takes it in with {@link atSearch}. */
export function useAsOf(): AsOf {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const setAt = useCallback(
    (at: Moment | null) =>
      // What stands beside it (tab, filter) stays as it is; whoever goes back leaves the page, not each step of the slider.
      void navigate({
        to: ".",
        search: ((before: object) => ({ ...before, at: at ?? undefined })) as never,
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return { at: parseMoment(search.at), setAt };
}
