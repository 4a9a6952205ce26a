import { ApiError } from "~/api/client";

/** What the control plane has against one field, in its words; null where the refusal is about something else. */
export const refusedField = (error: unknown, ...fields: string[]): string | null =>
  error instanceof ApiError &&
  error.field !== null &&
  fields.some((f) => error.field === f || error.field?.startsWith(`${f}[`) === true || error.field?.startsWith(`${f}.`) === true)
    ? error.detail
    : null;
