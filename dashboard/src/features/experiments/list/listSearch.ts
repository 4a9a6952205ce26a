import type { ExperimentState } from "~/api/schema";
import { EXPERIMENT_STATES } from "~/shared/experiments/StateBadge";
import { flag, oneOf, text, words } from "~/shared/search/read";

export const SORTS = ["draftedAt", "name", "state", "reduction"] as const;
export type Sort = (typeof SORTS)[number];

/** The address of the list: what is looked for, in which order, and what is picked to be compared. */
export interface ListSearch {
  search?: string;
  /** States, separated by commas. */
  state?: string;
  host?: string;
  /** Id of a pipeline that is baseline or candidate. */
  pipeline?: string;
  sort?: Sort;
  order?: "asc" | "desc";
  archived?: true;
  /** Ids, separated by commas. */
  picked?: string;
}

/** Side by side, more are no longer read. */
export const MOST_PICKED = 4;

export function listSearch(search: Record<string, unknown>): ListSearch {
  const states = statesOf({ state: text(search.state) });
  return {
    search: text(search.search),
    state: states.length === 0 ? undefined : states.join(","),
    host: text(search.host),
    pipeline: text(search.pipeline),
    sort: oneOf(search.sort, SORTS),
    order: oneOf(search.order, ["asc", "desc"] as const),
    archived: flag(search.archived) || undefined,
    picked: text(words(text(search.picked)).slice(0, MOST_PICKED).join(",")),
  };
}

export const statesOf = (search: Pick<ListSearch, "state">): ExperimentState[] => {
  const asked = words(search.state);
  return EXPERIMENT_STATES.filter((state) => asked.includes(state));
};

/** What is saved under a name: everything but what was picked just now. */
export function toSave(search: ListSearch): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(search).filter((entry): entry is [string, string | boolean] => entry[0] !== "picked" && entry[1] !== undefined),
  );
}

/** Whether anything narrows the list down. */
export const isFiltered = (search: ListSearch): boolean =>
  [search.search, search.state, search.host, search.pipeline].some((filter) => filter !== undefined);

/** What a table's order is in the address, where the newest first need not stand. */
export function sortOf([first]: readonly { id: string; desc: boolean }[]): Pick<ListSearch, "sort" | "order"> {
  const sort = SORTS.find((known) => known === first?.id);
  if (sort === undefined || (sort === "draftedAt" && first?.desc)) return { sort: undefined, order: undefined };
  return { sort, order: first?.desc ? "desc" : "asc" };
}

/** What `GET /api/v2/experiments` is asked for. */
export function listQuery(search: ListSearch) {
  return {
    search: search.search,
    state: search.state,
    host: search.host,
    pipelineId: search.pipeline,
    sort: search.sort,
    order: search.order,
    archived: search.archived,
  };
}

/** With it, or without it where it is there; never more than fit side by side. */
export function togglePicked(picked: string[], id: string): string[] {
  if (picked.includes(id)) return picked.filter((other) => other !== id);
  return picked.length < MOST_PICKED ? [...picked, id] : picked;
}
