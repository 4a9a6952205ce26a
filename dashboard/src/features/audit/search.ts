import { STREAM_TYPES } from "~/shared/live/topics";
import { oneOf, text, whole, words } from "~/shared/search/read";

export interface AuditSearch {
  streamType?: string;
  type?: string;
  actor?: string;
  text?: string;
  from?: string;
  until?: string;
  streamId?: string;
  experimentId?: string;
  correlationId?: string;
  order?: "asc";
  /** Sequence number of the event that is open. */
  event?: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const id = (value: unknown): string | undefined => (typeof value === "string" && UUID.test(value) ? value : undefined);
const moment = (value: unknown): string | undefined =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : undefined;

/** What an address says, without what it cannot mean. */
export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const event = whole(search.event);
  return {
    streamType: oneOf(search.streamType, STREAM_TYPES),
    type: text(search.type),
    actor: text(search.actor),
    text: text(search.text)?.trim(),
    from: moment(search.from),
    until: moment(search.until),
    streamId: id(search.streamId),
    experimentId: id(search.experimentId),
    correlationId: text(search.correlationId),
    order: oneOf(search.order, ["asc"] as const),
    event: event !== undefined && event > 0 ? event : undefined,
  };
}

/** The filter alone, as the API takes it. */
export function filterOf({ event: _event, order: _order, type, ...filter }: AuditSearch) {
  return { ...filter, ...(type === undefined ? {} : { type: words(type) }) };
}

/** Where the control plane writes what matches, as a file. */
export function exportOf(search: AuditSearch, format: "csv" | "ndjson"): string {
  const { event: _event, order: _order, ...filter } = search;
  const query = new URLSearchParams({ format });
  for (const [key, value] of Object.entries(filter)) if (value !== undefined) query.set(key, String(value));
  return `/api/v2/audit/export?${query}`;
}
