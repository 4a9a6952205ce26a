import type { Client } from "openapi-fetch";
import { api } from "./client";
import type { ArmTotals, AuditEntry, ClaimJudged, ExperimentView, Guardrail, Saving, VerdictOutcome } from "./schema";

type Read<Query, Answer> = {
  get: { parameters: { query?: Query }; responses: { 200: { content: { "application/json": Answer } } } };
};
type ReadOne<Query, Answer> = {
  get: { parameters: { path: { id: string }; query?: Query }; responses: { 200: { content: { "application/json": Answer } } } };
};

interface AuditQuery {
  experimentId?: string;
  streamId?: string;
  streamType?: string;
  type?: string[];
  from?: string;
  until?: string;
}

export interface ExperimentWindowView {
  number: number;
  at: string;
  hosts: number;
  seconds: number;
  void: boolean;
  voidHosts: number;
  counts: boolean;
  baseline: ArmTotals | null;
  candidate: ArmTotals | null;
  reductionPct: number | null;
  evidence: { seriesReductionPct: number; liveSeriesReductionPct: number; pointsReductionPct: number } | null;
  claims: ClaimJudged[];
  saving: { low: number | null; high: number | null; estimate: number; currency: string } | null;
}

export interface ExperimentWindowsView {
  items: ExperimentWindowView[];
  next: string | null;
  windows: number;
  thinned: boolean;
  priceEntry: string;
  pricedOn: string;
  noSaving: string | null;
}

export interface GuardrailView {
  guardrail: Guardrail;
  window: number;
  value: number;
  limit: number;
  isFloor: boolean;
  unit: string;
  usedPct: number | null;
  worstValue: number;
  worstLimit: number;
  worstUsedPct: number | null;
  worstWindow: number;
  windowsInARow: number;
  needsInARow: number;
  breached: boolean;
  detail: string;
}

export interface ExperimentSummary {
  id: string;
  version: number;
  name: string;
  state: ExperimentView["state"];
  baseline: ExperimentView["baseline"];
  candidate: ExperimentView["candidate"];
  hosts: number;
  draftedAt: string;
  startedAt: string | null;
  runEndsAt: string | null;
  windows: number;
  liveSeriesReductionPct: number | null;
  seriesReductionPct: number | null;
  pointsReductionPct: number | null;
  monthlySaving: Saving | null;
  verdict: VerdictOutcome | null;
  breach: Guardrail | null;
  archived: boolean;
}

export interface FlowRow {
  key: string;
  seriesIn: number;
  seriesOut: number;
  samplesPerMinuteIn: number;
  samplesPerMinuteOut: number;
  monthlyCostIn: number | null;
  monthlyCostOut: number | null;
}

export interface FlowView {
  price: string | null;
  currency: string | null;
  priceProblem: string | null;
  by: FlowDimension;
  asOf: string | null;
  hosts: number;
  silentHosts: number;
  approximate: boolean;
  total: FlowRow;
  rows: FlowRow[];
  other: FlowRow;
  truncated: boolean;
}

export type FlowDimension = "metric" | "service" | "namespace";

/** Reads that the OpenAPI document of this commit does not list yet. They move to {@link api} with it. */
interface Upcoming {
  "/api/v2/audit": Read<AuditQuery & { order?: string; limit?: number; after?: number }, { items: AuditEntry[]; next: string }>;
  "/api/v2/audit/histogram": Read<
    AuditQuery & { buckets?: number },
    { from: string; until: string; bucketSeconds: number; counts: number[] }
  >;
  "/api/v2/experiments": Read<
    { state?: string; sort?: string; order?: string; limit?: number; after?: string },
    { items: ExperimentSummary[]; next: string }
  >;
  "/api/v2/experiments/counts": Read<Record<string, never>, { byState: Record<ExperimentView["state"], number>; archived: number }>;
  "/api/v2/tasks/summary": Read<
    Record<string, never>,
    { queued: number; assigned: number; deadLettered: number; oldestQueuedSeconds: number | null; waiting: number; hostsWithWork: number }
  >;
  "/api/v2/experiments/{id}": ReadOne<{ at?: string }, ExperimentView>;
  "/api/v2/experiments/{id}/windows": ReadOne<{ points?: number; after?: string; limit?: number; on?: string }, ExperimentWindowsView>;
  "/api/v2/experiments/{id}/guardrails": ReadOne<Record<string, never>, GuardrailView[]>;
  "/api/v2/flow": Read<{ by?: FlowDimension; price?: string; selector?: string }, FlowView>;
}

export const upcoming = api as unknown as Client<Upcoming>;
