import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "~/api/client";
import { PreviewMoney } from "./PreviewMoney";

const bill = (total: number) => ({ total });
const view = (over: Record<string, unknown> = {}) => ({
  hosts: 2,
  leftOut: [],
  saving: {
    perMonth: 15,
    currency: "USD",
    before: bill(20),
    after: bill(5),
    from: { measuredMinutes: 1 },
    gaps: ["the rest was not declared"],
    whyNothing: null,
    ...over,
  },
});

describe("what a preview says in money", () => {
  let answer: () => { data?: unknown; error?: unknown; response: Response };

  beforeEach(() => {
    vi.spyOn(api, "GET").mockImplementation((async (path: unknown) =>
      path === "/api/v2/previews/saving"
        ? answer()
        : { data: { items: [{ id: "p", name: "Samples" }], next: null }, response: new Response() }) as never);
  });

  afterEach(() => void vi.restoreAllMocks());

  const show = (price: string | undefined) =>
    render(
      <MantineProvider>
        <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
          <PreviewMoney previews={["a", "b"]} price={price} />
        </QueryClientProvider>
      </MantineProvider>,
    );
  const answered = (data: unknown) => {
    answer = () => ({ data, response: new Response() });
  };

  it("is less a month, of how many hosts and by which price", async () => {
    answered(view());
    show("p");
    expect(await screen.findByText("$15.00 less a month")).toBeTruthy();
    expect(screen.getByText("$20.00 if all were sent → $5.00 (75.0 % less)")).toBeTruthy();
    expect(await screen.findByText(/^For 2 hosts, by Samples, if every minute/)).toBeTruthy();
    expect(screen.getByText("the rest was not declared")).toBeTruthy();
  });

  it("is more where the pipeline sends more, and nothing with its reason", async () => {
    answered(view({ perMonth: -3, after: bill(23) }));
    const { unmount } = show("p");
    expect(await screen.findByText("$3.00 more a month")).toBeTruthy();
    expect(screen.getByText("$20.00 if all were sent → $23.00")).toBeTruthy();
    unmount();
    answered(view({ perMonth: 0, after: bill(20), whyNothing: "it lies inside the allowance" }));
    show("p");
    expect(await screen.findByText("Nothing is saved: it lies inside the allowance.")).toBeTruthy();
  });

  it("names hosts that it is told without", async () => {
    answered({ ...view(), leftOut: [{ hostId: "old", code: "collector-too-old", detail: "Upgrade the host." }] });
    show("p");
    expect(await screen.findByText("Without old: Upgrade the host.")).toBeTruthy();
  });

  it("is not told before a price is chosen, nor where it is refused", async () => {
    answered(view());
    const { unmount } = show(undefined);
    expect(screen.getByText("Choose a price to see what it would be in money.")).toBeTruthy();
    unmount();
    answer = () => ({
      error: { status: 409, code: "preview-too-short", title: "Conflict", detail: "It holds no whole window." },
      response: new Response(null, { status: 409 }),
    });
    show("p");
    expect(await screen.findByText("It holds no whole window.")).toBeTruthy();
    expect(screen.getByText("No money is told")).toBeTruthy();
  });
});
