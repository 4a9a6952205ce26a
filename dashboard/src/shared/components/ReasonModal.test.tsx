import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { ReasonModal } from "./ReasonModal";

function ask(action: (reason: string) => Promise<unknown>) {
  const [onClose, onDone] = [vi.fn(), vi.fn()];
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider env="test">
        <ReasonModal opened onClose={onClose} onDone={onDone} title="Cancel tasks" confirm="Do it" done="Done." action={action} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  return { onClose, onDone };
}

it("tells what was done apart from being dismissed", async () => {
  const { onClose, onDone } = ask(async () => undefined);
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(onClose).toHaveBeenCalledOnce();
  expect(onDone).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Do it" }));
  await waitFor(() => expect(onDone).toHaveBeenCalledOnce());
});

it("stays open with the reason where it was refused", async () => {
  const { onClose, onDone } = ask(() => Promise.reject(new Error("Not now.")));
  await userEvent.click(screen.getByRole("button", { name: "Do it" }));
  expect(await screen.findByText("Not now.")).toBeTruthy();
  expect(onClose).not.toHaveBeenCalled();
  expect(onDone).not.toHaveBeenCalled();
});
