import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { api } from "~/api/client";
import { HostsInput } from "./HostsInput";

afterEach(() => vi.restoreAllMocks());

it("proposes hosts of the whole fleet by a part of their ids, and takes several that are pasted", async () => {
  const fleet = [...Array.from({ length: 200 }, (_, i) => `a-${i}`), "web-eu-7.example"];
  vi.spyOn(api, "GET").mockImplementation((async (
    _path: string,
    { params }: { params: { query: { search?: string; limit: number } } },
  ) => ({
    data: {
      items: fleet
        .filter((id) => id.includes(params.query.search ?? ""))
        .slice(0, params.query.limit)
        .map((hostId) => ({ hostId })),
    },
    response: new Response(null, { status: 200 }),
  })) as never);
  const onChange = vi.fn();
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <HostsInput value={["a-1"]} onChange={onChange} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const user = userEvent.setup();
  const input = screen.getByRole("combobox", { name: "Hosts" });
  await user.type(input, "eu-7");
  await user.click(await screen.findByText("web-eu-7.example"));
  expect(onChange).toHaveBeenLastCalledWith(["a-1", "web-eu-7.example"]);

  await user.click(input);
  await user.paste("b-1, b-2 b-3");
  await user.tab();
  expect(onChange).toHaveBeenLastCalledWith(["a-1", "b-1", "b-2", "b-3"]);
});
