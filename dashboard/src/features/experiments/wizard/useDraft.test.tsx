import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, api } from "~/api/client";
import { type Design, EMPTY } from "./design";
import { type Draft, useDraft } from "./useDraft";

interface Asked {
  what: string;
  name: string;
  ifMatch: string | null;
}

const designOf = (name: string): Design => ({ ...EMPTY, name });

describe("a draft", () => {
  let asked: Asked[];
  /** How the control plane answers each request in turn: with a version, or a refusal. */
  let answers: (number | { status: number; field?: string })[];
  let hold: Promise<void> | null;

  beforeEach(() => {
    asked = [];
    answers = [];
    hold = null;
    const ask =
      (method: string) =>
      async (
        path: string,
        { params, headers, body }: { params?: { path: { id: string } }; headers?: Record<string, string>; body: { name: string } },
      ) => {
        asked.push({
          what: `${method} ${path.replace("{id}", params?.path.id ?? "")}`,
          name: body.name,
          ifMatch: headers?.["if-match"] ?? null,
        });
        const answer = answers.shift();
        await hold;
        if (typeof answer === "number") return { data: { id: "x1", version: answer }, response: new Response(null, { status: 200 }) };
        return { error: { code: "refused", field: answer?.field }, response: new Response(null, { status: answer?.status ?? 500 }) };
      };
    vi.spyOn(api, "POST").mockImplementation(ask("POST") as never);
    vi.spyOn(api, "PUT").mockImplementation(ask("PUT") as never);
  });

  afterEach(() => vi.restoreAllMocks());

  function opened(draft: Draft | null, design: Design | null, cloneOf: string | null = null) {
    const created: string[] = [];
    const queries = new QueryClient();
    const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={queries}>{children}</QueryClientProvider>;
    const { result } = renderHook(() => useDraft(draft, design, cloneOf, (id) => created.push(id)), { wrapper });
    const attempt = (name: string) =>
      result.current.save.mutateAsync(designOf(name)).then(
        () => null,
        (error: unknown) => error,
      );
    /** All of them at once, as when fields are left faster than the control plane answers. */
    const save = (...names: string[]) => act(async () => (await Promise.all(names.map(attempt))).at(-1));
    return { result, save, created };
  }

  it("is written once, and changed from then on, each time by the version that is known", async () => {
    const { result, save, created } = opened(null, null);
    answers = [1, 2];
    await save("one");
    await save("two");
    await save("two");
    expect(asked).toEqual([
      { what: "POST /api/v2/experiments", name: "one", ifMatch: null },
      { what: "PUT /api/v2/experiments/x1", name: "two", ifMatch: '"1"' },
    ]);
    expect(created).toEqual(["x1"]);
    expect(result.current.draft).toEqual({ id: "x1", version: 2 });
    expect(result.current.isKept(designOf("two"))).toBe(true);
    expect(result.current.isKept(designOf("one"))).toBe(false);
  });

  it("keeps what is left while another save is under way, one after the other", async () => {
    const { result, save } = opened({ id: "x1", version: 4 }, designOf("zero"));
    answers = [5, 6, 7];
    hold = new Promise((done) => setTimeout(done, 20));
    await save("one", "two", "two");
    expect(asked.map(({ name, ifMatch }) => [name, ifMatch])).toEqual([
      ["one", '"4"'],
      ["two", '"5"'],
    ]);
    expect(result.current.isKept(designOf("two"))).toBe(true);
    expect(result.current.draft?.version).toBe(6);
  });

  it("is cloned once, also where what it should say is refused at first", async () => {
    const { result, save, created } = opened(null, null, "first");
    answers = [1, { status: 422, field: "hosts" }, 2];
    expect(await save("wrong")).toBeInstanceOf(ApiError);
    // The clone is there, and does not say what is on the page.
    expect(created).toEqual(["x1"]);
    expect(result.current.draft).toEqual({ id: "x1", version: 1 });
    expect(result.current.draftNow()).toEqual({ id: "x1", version: 1 });
    expect(result.current.isKept(designOf("wrong"))).toBe(false);
    expect(await save("right")).toBeNull();
    expect(asked.map(({ what, ifMatch }) => [what, ifMatch])).toEqual([
      ["POST /api/v2/experiments/first/clone", null],
      ["PUT /api/v2/experiments/x1", '"1"'],
      ["PUT /api/v2/experiments/x1", '"1"'],
    ]);
    expect(created).toEqual(["x1"]);
  });

  it("is a draft of its own where the other's design is refused by now", async () => {
    const { save, created } = opened(null, null, "first");
    answers = [{ status: 409 }, 1];
    expect(await save("own")).toBeNull();
    expect(asked.map(({ what }) => what)).toEqual(["POST /api/v2/experiments/first/clone", "POST /api/v2/experiments"]);
    expect(created).toEqual(["x1"]);
  });

  it("is none where the control plane does not answer the clone", async () => {
    const { result, save, created } = opened(null, null, "first");
    answers = [{ status: 503 }];
    expect(await save("one")).toBeInstanceOf(ApiError);
    expect(asked).toHaveLength(1);
    expect(created).toEqual([]);
    expect(result.current.draft).toBeNull();
  });

  it("tells a change of somebody else, and changes nothing", async () => {
    const { result, save } = opened({ id: "x1", version: 4 }, designOf("zero"));
    answers = [{ status: 412 }];
    expect(await save("mine")).toMatchObject({ status: 412 });
    expect(result.current.draft).toEqual({ id: "x1", version: 4 });
    expect(result.current.isKept(designOf("mine"))).toBe(false);
  });
});
