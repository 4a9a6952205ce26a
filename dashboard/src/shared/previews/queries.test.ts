import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "~/api/client";
import { preview } from "./queries";

describe("a preview", () => {
  let queries: QueryClient;
  let asked: ReturnType<typeof vi.spyOn>;

  beforeEach(() => {
    vi.useFakeTimers();
    queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  });

  afterEach(() => {
    queries.clear();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** How often it is asked for in a minute where the control plane answers like this, one after the other; the last for good. */
  async function askedInAMinute(...answers: ({ state: string } | number)[]): Promise<number> {
    asked = vi.spyOn(api, "GET").mockImplementation((async () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return typeof answer === "number"
        ? { error: { code: "x" }, response: new Response(null, { status: answer }) }
        : { data: answer, response: new Response(null, { status: 200 }) };
    }) as never);
    const leave = new QueryObserver(queries, preview("p")).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    leave();
    return asked.mock.calls.length;
  }

  it("is asked for again until the host has answered", async () => {
    expect(await askedInAMinute({ state: "queued" }, { state: "assigned" }, { state: "succeeded" })).toBe(3);
  });

  it("is not asked for again where it is gone", async () => {
    expect(await askedInAMinute(404)).toBe(1);
  });

  it("is not asked for again once it is gone", async () => {
    expect(await askedInAMinute({ state: "queued" }, 404)).toBe(2);
  });

  it.each([500, 503, 429])("is asked for again after %i", async (status) => {
    expect(await askedInAMinute(status, status, { state: "succeeded" })).toBe(3);
  });
});
