import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { type AtSearch, atSearch, type Moment, parseMoment } from "./moments";

interface AsOf {
  /** Null: how it is now. */
  at: Moment | null;
  setAt: (at: Moment | null) => void;
  /** How many minutes around the moment are looked at. */
  around: number;
  setAround: (minutes: number) => void;
}

const USUAL_AROUND = 5;

/** The moment that the page is shown at, which stands in its address as `at`. The page's route takes it in with {@link atSearch}. */
export function useAsOf(): AsOf {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (change: AtSearch) =>
      // What stands beside it (tab, filter) stays as it is; whoever goes back leaves the page, not each step of the slider.
      void navigate({ to: ".", search: ((before: object) => ({ ...before, ...change })) as never, replace: true, resetScroll: false }),
    [navigate],
  );
  const setAt = useCallback((at: Moment | null) => set({ at: at ?? undefined }), [set]);
  const setAround = useCallback((minutes: number) => set({ around: minutes === USUAL_AROUND ? undefined : minutes }), [set]);
  const { around = USUAL_AROUND } = atSearch(search);
  return { at: parseMoment(search.at), setAt, around, setAround };
}
