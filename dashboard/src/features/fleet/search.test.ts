import { describe, expect, it } from "vitest";
import { fleetSearch, hostFilters, hostSearch, isFiltered } from "./search";

describe("the fleet's address", () => {
  it("keeps what it knows and nothing else", () => {
    expect(
      fleetSearch({ tab: "groups", state: "lost", drift: true, version: 2, selector: "role=web", at: "2026-11-27T06:55:00Z", other: "x" }),
    ).toEqual({ tab: "groups", state: "lost", drift: true, version: "2", selector: "role=web", at: "2026-11-27T06:55:00Z" });
  });

  it("leaves out what no host can be", () => {
    expect(fleetSearch({ tab: "nonsense", state: "broken", drift: "perhaps", at: "yesterday" })).toEqual({});
  });

  it("tells filters from the rest of the page", () => {
    const search = fleetSearch({ tab: "groups", hosts: "a,b", drift: false });
    expect(hostFilters(search)).toEqual({ drift: false });
    expect(isFiltered(search)).toBe(true);
    expect(isFiltered(fleetSearch({ tab: "groups", hosts: "a" }))).toBe(false);
  });

  it("asks nothing of a past moment that only heartbeats tell", () => {
    const at = "2026-11-27T06:55:00Z";
    expect(hostFilters(fleetSearch({ drift: true, unhealthy: true, state: "stopped", version: "1.0", at }))).toEqual({ version: "1.0" });
    expect(hostFilters(fleetSearch({ drift: true, unhealthy: true, state: "stopped" }))).toEqual({
      drift: true,
      unhealthy: true,
      state: "stopped",
    });
    expect(hostFilters(fleetSearch({ state: "lost", at }))).toEqual({ state: "lost" });
  });

  it("finds hosts by a part of their id, also by one that looks like a number", () => {
    expect(hostFilters(fleetSearch({ search: 12 }))).toEqual({ search: "12" });
  });

  it("knows the parts of a host's page", () => {
    expect(hostSearch({ tab: "logs", log: "production", drift: true })).toEqual({ tab: "logs", log: "production" });
  });
});
