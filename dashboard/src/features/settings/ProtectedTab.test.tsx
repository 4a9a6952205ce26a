import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "~/api/client";
import type { ProtectedMetricsView } from "~/api/schema";
import { me } from "~/shared/session/session";
import { ProtectedTab } from "./ProtectedTab";
import { protectedMetrics } from "./queries";

const read = (version: number, ...patterns: string[]) => ({
  data: { version, patterns: patterns.map((pattern) => ({ pattern, note: null })) } as unknown as ProtectedMetricsView,
  etag: `"${version}"`,
});

function shown(first: ReturnType<typeof read>) {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  queries.setQueryData(me.queryKey, { role: "operator" } as never);
  const tell = (next: ReturnType<typeof read>) => act(async () => void queries.setQueryData(protectedMetrics.queryKey, next));
  queries.setQueryData(protectedMetrics.queryKey, first);
  render(
    <MantineProvider>
      <QueryClientProvider client={queries}>
        <ProtectedTab />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { tell, user: userEvent.setup() };
}

const row = (n: number) => screen.queryByRole<HTMLInputElement>("textbox", { name: `Metric or pattern ${n}` })?.value;

describe("the list of protected metrics", () => {
  afterEach(() => vi.restoreAllMocks());

  it("keeps what is typed when somebody else changes it, and saves against the version that was read", async () => {
    const put = vi
      .spyOn(api, "PUT")
      .mockResolvedValue({ error: { code: "concurrent-change" }, response: new Response(null, { status: 412 }) } as never);
    const { tell, user } = shown(read(1, "a"));
    await user.click(screen.getByRole("button", { name: "Add a row" }));
    await user.type(screen.getByRole("textbox", { name: "Metric or pattern 2" }), "mine");
    await tell(read(2, "theirs"));
    await waitFor(() => expect(screen.getByText("Somebody else has changed the list")).toBeTruthy());
    expect([row(1), row(2)]).toEqual(["a", "mine"]);
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.getByText("This was not saved")).toBeTruthy());
    expect(put.mock.calls[0]?.[1]).toMatchObject({ headers: { "if-match": '"1"' } });
    await user.click(screen.getByRole("button", { name: "Read again" }));
    expect([row(1), row(2)]).toEqual(["theirs", undefined]);
  });

  it("follows a change where nothing was typed", async () => {
    const { tell } = shown(read(1, "a"));
    await tell(read(2, "theirs"));
    await waitFor(() => expect(row(1)).toBe("theirs"));
    expect(screen.queryByText("Somebody else has changed the list")).toBeNull();
  });

  it("takes up its own change as what it stands on", async () => {
    const put = vi.spyOn(api, "PUT").mockResolvedValue({ data: {}, response: new Response(null, { status: 200 }) } as never);
    vi.spyOn(api, "GET").mockResolvedValue({
      data: read(2, "a", "mine").data,
      response: new Response(null, { status: 200, headers: { etag: '"2"' } }),
    } as never);
    const { user } = shown(read(1, "a"));
    await user.click(screen.getByRole("button", { name: "Add a row" }));
    await user.type(screen.getByRole("textbox", { name: "Metric or pattern 2" }), "mine");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(put).toHaveBeenCalledOnce());
    await user.click(screen.getByRole("button", { name: "Remove row 1" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(put).toHaveBeenCalledTimes(2));
    expect(put.mock.calls[1]?.[1]).toMatchObject({ headers: { "if-match": '"2"' }, body: { patterns: [{ pattern: "mine" }] } });
    expect(screen.queryByText("Somebody else has changed the list")).toBeNull();
  });
});
