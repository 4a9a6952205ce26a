import type { CollectorArm } from "~/api/schema";
import { type AtSearch, atSearch } from "~/shared/as-of/moments";
import { flag, oneOf, text } from "~/shared/search/read";
import { isMeasure, type Measure } from "./bands";

export const TABS = ["overview", "hosts", "decisions", "events"] as const;
export type Tab = (typeof TABS)[number];

export interface ExperimentSearch extends AtSearch {
  tab?: Tab;
  /** What is drawn of both arms. */
  measure?: Measure;
  /** Whose decisions are shown. */
  host?: string;
  arm?: CollectorArm;
  /** Windows stand among the events too. */
  windows?: boolean;
  /** The backend that is asked. */
  backend?: string;
}

export function experimentSearch(search: Record<string, unknown>): ExperimentSearch {
  return {
    ...atSearch(search),
    tab: oneOf(search.tab, TABS),
    measure: isMeasure(search.measure) ? search.measure : undefined,
    host: text(search.host),
    arm: oneOf(search.arm, ["production", "baseline", "candidate"] as const),
    windows: flag(search.windows) || undefined,
    backend: text(search.backend),
  };
}
