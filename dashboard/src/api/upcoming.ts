import type { Client } from "openapi-fetch";
import { api } from "./client";
import type { AuditEntry } from "./schema";

type Read<Query, Answer> = {
  get: { parameters: { query?: Query }; responses: { 200: { content: { "application/json": Answer } } } };
};

interface AuditQuery {
  experimentId?: string;
  streamId?: string;
  streamType?: string;
  type?: string[];
  from?: string;
  until?: string;
}

/** Reads that the OpenAPI document of this commit does not list yet. They move to {@link api} with it. */
interface Upcoming {
  "/api/v2/audit": Read<AuditQuery & { order?: string; limit?: number; after?: number }, { items: AuditEntry[]; next: string }>;
  "/api/v2/audit/histogram": Read<
    AuditQuery & { buckets?: number },
    { from: string; until: string; bucketSeconds: number; counts: number[] }
  >;
}

export const upcoming = api as unknown as Client<Upcoming>;
