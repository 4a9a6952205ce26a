import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { Created, DraftExperimentRequest } from "~/api/schema";
import { type Design, requestOf } from "./design";

export interface Draft {
  id: string;
  version: number;
}

interface Kept {
  draft: Draft | null;
  /** The request that says what the control plane has; null where that is not known. */
  request: string | null;
}

/**
 * Keeps the draft on the control plane: written down once, then said again in full with every change, and only where nobody else has changed it.
 *
 * @param onCreated told once, as soon as there is a draft, also where what it should say is refused afterwards.
 */
export function useDraft(opened: Draft | null, openedDesign: Design | null, cloneOf: string | null, onCreated: (id: string) => void) {
  const queries = useQueryClient();
  const [kept, setKept] = useState<Kept>(() => ({ draft: opened, request: openedDesign === null ? null : written(openedDesign) }));
  // What is kept when a save's turn comes, which was asked for while another was under way.
  const current = useRef(kept);
  const keep = (answer: Created, request: string | null): Draft => {
    const draft = { id: answer.id, version: answer.version };
    const isNew = current.current.draft === null;
    current.current = { draft, request };
    setKept(current.current);
    if (isNew) onCreated(draft.id);
    return draft;
  };

  const save = useMutation({
    // One after the other: each says which version it changes.
    scope: { id: "draft" },
    meta: { problemShown: true },
    mutationFn: async (design: Design): Promise<Draft> => {
      const body = requestOf(design, "");
      const request = written(design);
      let { draft } = current.current;
      if (draft !== null && current.current.request === request) return draft;
      if (draft === null && cloneOf !== null) {
        const clone = await cloned(cloneOf, body.name);
        // It is there from now on: where the change below is refused, the next try changes it, and makes no other.
        if (clone !== null) draft = keep(clone, null);
      }
      const saved = keep(draft === null ? await drafted(body) : await change(draft, body), request);
      void queries.invalidateQueries({ queryKey: ["experiments"] });
      return saved;
    },
  });

  return {
    draft: kept.draft,
    /** The draft as it is by now, for who has waited for a save. */
    draftNow: () => current.current.draft,
    save,
    isKept: (design: Design) => kept.request === written(design),
  };
}

const written = (design: Design): string => JSON.stringify(requestOf(design, ""));

const drafted = (body: DraftExperimentRequest): Promise<Created> => call(api.POST("/api/v2/experiments", { body })) as Promise<Created>;

const change = (draft: Draft, body: DraftExperimentRequest): Promise<Created> =>
  call(
    api.PUT("/api/v2/experiments/{id}", { params: { path: { id: draft.id } }, headers: { "if-match": `"${draft.version}"` }, body }),
  ) as Promise<Created>;

/** A clone remembers what it was cloned from. Null where the other's design itself would be refused by now: only a draft of its own can be written. */
async function cloned(id: string, name: DraftExperimentRequest["name"]): Promise<Created | null> {
  try {
    return (await call(api.POST("/api/v2/experiments/{id}/clone", { params: { path: { id } }, body: { name, reason: "" } }))) as Created;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 409 || error.status === 422)) return null;
    throw error;
  }
}
