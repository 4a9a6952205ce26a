import { api, call } from "~/api/client";
import type { RolloutRequest } from "~/api/schema";

/** What was left empty is not said at all. */
export const optional = (text: string): string => (text.trim() === "" ? null : text.trim()) as string;

const on = (id: string) => ({ params: { path: { id } } });

export const start = (id: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/start", { ...on(id), body: { reason: optional(reason) } }));
export const stop = (id: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/stop", { ...on(id), body: { reason: optional(reason) } }));
export const rollBack = (id: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/rollback", { ...on(id), body: { reason: optional(reason) } }));
export const archive = (id: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/archive", { ...on(id), body: { reason: optional(reason) } }));
export const unarchive = (id: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/unarchive", { ...on(id), body: { reason: optional(reason) } }));
export const extend = (id: string, seconds: number, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/extend", { ...on(id), body: { seconds, reason: optional(reason) } }));
export const clone = (id: string, name: string, reason: string) =>
  call(api.POST("/api/v2/experiments/{id}/clone", { ...on(id), body: { name: optional(name), reason: optional(reason) } }));

export interface Promotion {
  rollout: RolloutRequest;
  ticket: string;
  force: boolean;
  overrideFreeze: boolean;
  reason: string;
}

export const promote = (id: string, { rollout, ticket, force, overrideFreeze, reason }: Promotion) =>
  call(
    api.POST("/api/v2/experiments/{id}/promote", {
      ...on(id),
      body: { variant: "candidate", rollout, ticket: optional(ticket), force, overrideFreeze, reason: optional(reason) },
    }),
  );

/** Decides for the baseline: what is measured ends, what was promoted goes back. */
export const keep = (id: string, reason: string) =>
  call(
    api.POST("/api/v2/experiments/{id}/promote", {
      ...on(id),
      body: { variant: "baseline", rollout: null, ticket: optional(""), force: null, overrideFreeze: null, reason: optional(reason) },
    }),
  );
