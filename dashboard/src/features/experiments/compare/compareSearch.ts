import { flag, text, words } from "~/shared/search/read";

export interface CompareSearch {
  /** Ids, separated by commas; 2 to 4 of them. */
  ids: string;
  /** Only the rows in which they differ. */
  differing?: true;
}

export const idsOf = (search: CompareSearch): string[] => words(search.ids).slice(0, 4);

export function compareSearch(search: Record<string, unknown>): CompareSearch {
  return {
    ids: text(search.ids) ?? "",
    differing: flag(search.differing) || undefined,
  };
}
