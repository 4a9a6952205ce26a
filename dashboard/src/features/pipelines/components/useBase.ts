import { useState } from "react";
import type { PipelineView } from "~/api/schema";

interface Base {
  /** The version that the draft begins with. */
  version: number;
  /** One that was published since: null where there is none. The draft stands on what was there before it. */
  newer: number | null;
  /** Begins anew with the latest. */
  beginWithLatest: () => void;
}

/**
 * What a draft stands on: the version that was asked for, or the one that was the latest when it was begun. A version that somebody publishes meanwhile must not
 * take its place, since what was written would be gone.
 */
export function useBase({ latestVersion }: Pick<PipelineView, "latestVersion">, asked: number | undefined): Base {
  const [latest, setLatest] = useState(latestVersion);
  return {
    version: asked ?? latest,
    newer: latestVersion > latest ? latestVersion : null,
    beginWithLatest: () => setLatest(latestVersion),
  };
}
