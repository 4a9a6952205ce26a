import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { Created, DraftExperimentRequest } from "~/api/schema";
import { type Design, requestOf } from "./design";

export interface Draft {
  id: string;
  version: number;
}

interface Saved {
  draft: Draft;
  created: boolean;
}

/** Keeps the draft on the control plane: written down once, then said again in full with every change, and only where nobody else has changed it. */
export function useDraft(opened: Draft | null, openedDesign: Design | null, cloneOf: string | null) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(opened);
  const current = useRef(opened);
  const [kept, setKept] = useState(() => (openedDesign === null ? null : written(openedDesign)));

  const save = useMutation({
    // One after the other: each says which version it changes.
    scope: { id: "draft" },
    meta: { problemShown: true },
    mutationFn: async (design: Design): Promise<Saved> => {
      const body = requestOf(design, "");
      const before = current.current;
      if (before !== null && kept === written(design)) return { draft: before, created: false };
      const answer = before === null ? await create(body, cloneOf) : await change(before, body);
      current.current = { id: answer.id, version: answer.version };
      setDraft(current.current);
      setKept(written(design));
      void queries.invalidateQueries({ queryKey: ["experiments"] });
      return { draft: current.current, created: before === null };
    },
  });

  return { draft, save, isKept: (design: Design) => kept === written(design) };
}

const written = (design: Design): string => JSON.stringify(requestOf(design, ""));

const change = (draft: Draft, body: DraftExperimentRequest): Promise<Created> =>
  call(
    api.PUT("/api/v2/experiments/{id}", { params: { path: { id: draft.id } }, headers: { "if-match": `"${draft.version}"` }, body }),
  ) as Promise<Created>;

/** A clone remembers what it was cloned from. Where the other's design itself would be refused by now, only a draft of its own can be written. */
async function create(body: DraftExperimentRequest, cloneOf: string | null): Promise<Created> {
  const draft = async () => (await call(api.POST("/api/v2/experiments", { body }))) as Created;
  if (cloneOf === null) return draft();
  let clone: Created;
  try {
    clone = (await call(
      api.POST("/api/v2/experiments/{id}/clone", { params: { path: { id: cloneOf } }, body: { name: body.name, reason: "" } }),
    )) as Created;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 409 || error.status === 422)) return draft();
    throw error;
  }
  return change(clone, body);
}
