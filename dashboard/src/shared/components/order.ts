import type { SortingState } from "@tanstack/react-table";

/** The order of a table as an address has it: the column's name, with a minus before it where it is from the greatest. */
export const readOrder = (order: string | undefined): SortingState =>
  order === undefined || order === "" ? [] : order.startsWith("-") ? [{ id: order.slice(1), desc: true }] : [{ id: order, desc: false }];

export const writeOrder = ([first]: SortingState): string | undefined =>
  first === undefined ? undefined : `${first.desc ? "-" : ""}${first.id}`;
