import { readFileSync } from "node:fs";
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveFeed } from "./live";
import { STREAM_TYPES } from "./topics";

const message = (streamType: string, type = "x") => ({ type, streamType, id: "1", version: 1 });

describe("the live feed", () => {
  let queries: QueryClient;
  let feed: LiveFeed;
  let asked: unknown[];

  beforeEach(() => {
    vi.useFakeTimers();
    queries = new QueryClient();
    feed = new LiveFeed(queries);
    asked = [];
    vi.spyOn(queries, "invalidateQueries").mockImplementation(async (filters) => {
      asked.push(filters?.queryKey?.[0] ?? "everything");
    });
  });

  afterEach(() => vi.useRealTimers());

  it("asks once for what comes together", () => {
    for (let i = 0; i < 50; i++) feed.hear(message("Budget"));
    vi.advanceTimersByTime(100);
    expect(asked).toEqual(["budgets", "audit"]);
  });

  it("asks again for what comes afterwards", () => {
    feed.hear(message("Budget"));
    vi.advanceTimersByTime(100);
    feed.hear(message("Budget"));
    vi.advanceTimersByTime(2_000);
    expect(asked.filter((a) => a === "budgets")).toHaveLength(2);
    // Within one second of each other, and yet the last is not lost.
    expect(asked.filter((a) => a === "audit")).toHaveLength(2);
  });

  it("is not driven by a fleet that changes all the time", () => {
    for (let i = 0; i < 100; i++) {
      feed.hear(message("AgentTask"));
      vi.advanceTimersByTime(50);
    }
    vi.advanceTimersByTime(2_000);
    expect(asked.filter((a) => a === "tasks").length).toBeLessThanOrEqual(7);
  });

  it("reads later again what a projection builds", () => {
    feed.hear(message("Experiment"));
    vi.advanceTimersByTime(1_000);
    expect(asked.filter((a) => a === "savings")).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(asked.filter((a) => a === "savings")).toHaveLength(2);
  });

  it("knows every kind of stream that there is", () => {
    // Generated from the control plane's code, and kept current by its tests.
    const catalogue = readFileSync("../docs/event-catalogue.md", "utf8");
    const kinds = [...catalogue.matchAll(/^## (\w+)$/gm)].map(([, kind]) => kind);
    expect(kinds).toContain("Experiment");
    expect([...STREAM_TYPES].sort()).toEqual(kinds.sort());
  });

  it("reads everything again where it cannot know what has changed", () => {
    feed.hear(message("", "everything"));
    feed.hear(message("SomethingNew"));
    expect(asked).toEqual(["everything", "everything"]);
  });
});
