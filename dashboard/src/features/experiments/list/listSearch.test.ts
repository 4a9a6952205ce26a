import { describe, expect, it } from "vitest";
import { isFiltered, listQuery, listSearch, sortOf, statesOf, togglePicked, toSave } from "./listSearch";

describe("the address of the list", () => {
  it("keeps what it knows and drops the rest", () => {
    expect(
      listSearch({
        search: "top",
        state: "running,nonsense,draft",
        sort: "name",
        order: "sideways",
        archived: "true",
        colour: "red",
        host: 7,
      }),
    ).toEqual({ search: "top", state: "draft,running", sort: "name", archived: true, host: "7" });
  });

  it("has the states in the order of an experiment's life, however they were picked", () => {
    expect(statesOf({ state: "promoted,draft" })).toEqual(["draft", "promoted"]);
    expect(statesOf({})).toEqual([]);
  });

  it("picks at most four", () => {
    expect(listSearch({ picked: "a,b,c,d,e" }).picked).toBe("a,b,c,d");
    expect(togglePicked(["a", "b"], "a")).toEqual(["b"]);
    expect(togglePicked(["a", "b"], "c")).toEqual(["a", "b", "c"]);
    expect(togglePicked(["a", "b", "c", "d"], "e")).toEqual(["a", "b", "c", "d"]);
  });

  it("is saved without what is picked, and read back as it was", () => {
    const search = listSearch({ search: "x", state: "running", archived: true, picked: "a,b" });
    expect(toSave(search)).toEqual({ search: "x", state: "running", archived: true });
    expect(listSearch(toSave(search))).toEqual({ ...search, picked: undefined });
  });

  it("keeps every order that a table can have, but for the newest first, which is without one", () => {
    expect(sortOf([{ id: "draftedAt", desc: false }])).toEqual({ sort: "draftedAt", order: "asc" });
    expect(sortOf([{ id: "draftedAt", desc: true }])).toEqual({ sort: undefined, order: undefined });
    expect(sortOf([{ id: "name", desc: true }])).toEqual({ sort: "name", order: "desc" });
    expect(sortOf([])).toEqual({ sort: undefined, order: undefined });
  });

  it("asks the control plane by its own names", () => {
    expect(listQuery(listSearch({ pipeline: "p", search: "s" }))).toMatchObject({ pipelineId: "p", search: "s" });
    expect(isFiltered(listSearch({ sort: "name", archived: true }))).toBe(false);
    expect(isFiltered(listSearch({ host: "vm" }))).toBe(true);
  });
});
