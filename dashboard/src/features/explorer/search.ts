import { oneOf, text } from "~/shared/search/read";

export const SORTS = ["series", "cost", "name"] as const;

/** What the address of the explorer says. */
export interface ExplorerSearch {
  /** The exploration that is shown. */
  exploration?: string;
  /** The price that values it; the one that it was asked with where left out. */
  price?: string;
  /** The metric that is opened, and of it the label. */
  metric?: string;
  label?: string;
  /** Whether the label is one of the resource: a point's may be called the same. */
  of?: "resource" | "point";
  /** What names are searched for. */
  find?: string;
  sort?: (typeof SORTS)[number];
  /** Where it is not the usual one: numbers from the greatest, names from A. */
  order?: "asc" | "desc";
  /** Whether areas are money instead of series. */
  area?: "cost";
  dialog?: "explore";
  /** Whom the dialog begins with. */
  hosts?: string;
  group?: string;
  selector?: string;
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether the order is from the greatest, or from Z. */
export const isDescending = ({ sort, order }: Pick<ExplorerSearch, "sort" | "order">): boolean =>
  order === undefined ? sort !== "name" : order === "desc";

export function explorerSearch(search: Record<string, unknown>): ExplorerSearch {
  const metric = text(search.metric);
  const read: ExplorerSearch = {
    exploration: typeof search.exploration === "string" && UUID.test(search.exploration) ? search.exploration : undefined,
    price: text(search.price),
    metric,
    label: metric === undefined ? undefined : text(search.label),
    of: metric === undefined ? undefined : oneOf(search.of, ["resource", "point"] as const),
    find: text(search.find),
    sort: oneOf(search.sort, SORTS),
    order: oneOf(search.order, ["asc", "desc"] as const),
    area: oneOf(search.area, ["cost"] as const),
    dialog: oneOf(search.dialog, ["explore"] as const),
    hosts: text(search.hosts),
    group: text(search.group),
    selector: text(search.selector),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}
