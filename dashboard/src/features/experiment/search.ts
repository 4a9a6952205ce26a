import type { CollectorArm } from "~/api/schema";
import { atSearch } from "~/shared/as-of/moments";
import { isMeasure, type Measure } from "./bands";

export const TABS = ["overview", "hosts", "decisions", "events"] as const;
export type Tab = (typeof TABS)[number];

export interface ExperimentSearch {
  tab?: Tab;
  at?: string;
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

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

export function experimentSearch(search: Record<string, unknown>): ExperimentSearch {
  return {
    ...atSearch(search),
    tab: TABS.find((t) => t === search.tab),
    measure: isMeasure(search.measure) ? search.measure : undefined,
    host: text(search.host),
    arm: (["production", "baseline", "candidate"] as const).find((a) => a === search.arm),
    windows: search.windows === true ? true : undefined,
    backend: text(search.backend),
  };
}
