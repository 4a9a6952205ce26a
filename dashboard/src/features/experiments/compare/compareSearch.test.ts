import { expect, it } from "vitest";
import { compareSearch, idsOf } from "./compareSearch";

it("names experiments to compare, each once and no more than fit side by side", () => {
  expect(idsOf(compareSearch({ ids: "a, b,,a,c,d,e" }))).toEqual(["a", "b", "c", "d"]);
  expect(idsOf(compareSearch({}))).toEqual([]);
  expect(compareSearch({ ids: "a,b", differing: "true" }).differing).toBe(true);
  expect(compareSearch({ ids: "a,b", differing: "no" }).differing).toBeUndefined();
});
