export interface CompareSearch {
  /** Ids, separated by commas; 2 to 4 of them. */
  ids: string;
  /** Only the rows in which they differ. */
  differing?: true;
}

export const idsOf = (search: CompareSearch): string[] => [...new Set(search.ids.split(",").filter((id) => id !== ""))].slice(0, 4);

export function compareSearch(search: Record<string, unknown>): CompareSearch {
  return {
    ids: typeof search.ids === "string" ? search.ids : "",
    differing: search.differing === true || search.differing === "true" ? true : undefined,
  };
}
