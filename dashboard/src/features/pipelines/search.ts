import { type AtSearch, atSearch } from "~/shared/as-of/moments";
import { oneOf, text, whole } from "~/shared/search/read";

export const LIST_TABS = ["pipelines", "catalogue"] as const;
export const PAGE_TABS = ["configuration", "edit", "versions", "hosts"] as const;

export interface PipelinesSearch extends AtSearch {
  tab?: (typeof LIST_TABS)[number];
  sort?: string;
  /** A part of the name. */
  find?: string;
  template?: string;
  /** What the template is filled in with, where it is not the default. */
  parameters?: Record<string, unknown>;
}

export interface PipelineSearch extends AtSearch {
  tab?: (typeof PAGE_TABS)[number];
  version?: number;
  /** The order of the versions. */
  sort?: string;
  /** The versions that are compared. */
  from?: number;
  to?: number;
  /** The component that is chosen, such as `processors:batch`. */
  node?: string;
  /** Previews that are shown, by their ids. */
  previews?: string[];
  /** By which their money is told, where it is not the usual one. */
  price?: string;
}

export interface NewPipelineSearch {
  template?: string;
  parameters?: Record<string, unknown>;
  /** A pipeline whose text is the beginning, with its version. */
  from?: string;
  version?: number;
  node?: string;
  /** Previews that are shown, by their ids. */
  previews?: string[];
  /** By which their money is told, where it is not the usual one. */
  price?: string;
}

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

const ids = (value: unknown): string[] | undefined => {
  const found = Array.isArray(value) ? value.filter((id): id is string => typeof id === "string") : [];
  return found.length === 0 ? undefined : found;
};

const positive = (value: unknown): number | undefined => {
  const number = whole(value);
  return number !== undefined && number > 0 ? number : undefined;
};

export const pipelinesSearch = (search: Record<string, unknown>): PipelinesSearch => ({
  ...atSearch(search),
  tab: oneOf(search.tab, LIST_TABS),
  sort: text(search.sort),
  find: text(search.find),
  template: text(search.template),
  parameters: record(search.parameters),
});

export const pipelineSearch = (search: Record<string, unknown>): PipelineSearch => ({
  ...atSearch(search),
  tab: oneOf(search.tab, PAGE_TABS),
  sort: text(search.sort),
  version: positive(search.version),
  from: positive(search.from),
  to: positive(search.to),
  node: text(search.node),
  previews: ids(search.previews),
  price: text(search.price),
});

export const newPipelineSearch = (search: Record<string, unknown>): NewPipelineSearch => ({
  template: text(search.template),
  parameters: record(search.parameters),
  from: text(search.from),
  version: positive(search.version),
  node: text(search.node),
  previews: ids(search.previews),
  price: text(search.price),
});
