import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, api } from "~/api/client";
import { me } from "~/shared/session/session";
import { LoadingPage } from "./LoadingPage";
import { QueryView } from "./QueryView";

function Shown({ queryFn }: { queryFn: () => Promise<string> }) {
  return <QueryView query={useQuery({ queryKey: ["x"], queryFn })}>{(text) => <p>{text}</p>}</QueryView>;
}

const SAYS = "The control plane does not answer";

describe("what is not there yet", () => {
  let queries: QueryClient;
  let answers: (() => string)[];
  const queryFn = async () => (answers.shift() ?? (() => "the answer"))();
  const away = () => {
    throw new ApiError(0, "unreachable", "Nobody there.");
  };

  beforeEach(() => {
    vi.useFakeTimers();
    queries = new QueryClient({ defaultOptions: { queries: { retry: 5, retryDelay: 1_000, networkMode: "always" } } });
  });
  afterEach(() => {
    queries.clear();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const show = (page: React.ReactNode) =>
    render(
      <MantineProvider>
        <QueryClientProvider client={queries}>{page}</QueryClientProvider>
      </MantineProvider>,
    );
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

  it("is said to be asked for again while nobody answers, and shown once it is there", async () => {
    answers = [away, away];
    show(<Shown queryFn={queryFn} />);
    expect(screen.queryByText(SAYS)).toBeNull();
    await pass(500);
    expect(screen.getByText(SAYS)).toBeTruthy();
    expect(screen.getByRole("status", { name: "Loading" })).toBeTruthy();
    await pass(3_000);
    expect(screen.getByText("the answer")).toBeTruthy();
    expect(screen.queryByText(SAYS)).toBeNull();
  });

  it("is said on the page before the first too, which asks for nothing itself", async () => {
    const get = vi
      .spyOn(api, "GET")
      .mockRejectedValueOnce(new TypeError("Failed to fetch"))
      .mockResolvedValue({ data: { role: "viewer" }, response: new Response(null, { status: 200 }) } as never);
    show(<LoadingPage />);
    await pass(500);
    expect(screen.queryByText(SAYS)).toBeNull();
    expect(get).not.toHaveBeenCalled();
    void queries.fetchQuery({ ...me, retry: 5 });
    await pass(500);
    expect(screen.getByText(SAYS)).toBeTruthy();
    await pass(5_000);
    expect(screen.queryByText(SAYS)).toBeNull();
  });
});
