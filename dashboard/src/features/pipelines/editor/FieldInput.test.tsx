import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { ComponentKey } from "~/api/schema";
import type { Field } from "../model/fields";
import { FieldInput } from "./FieldInput";

const described = { key: "k", type: "wholeNumber", default: "10", minimum: "1", maximum: "1000", allowed: [] } as unknown as ComponentKey;

function shown(value: unknown, input: Field["input"] = "number") {
  const onChange = vi.fn();
  const field: Field = { path: ["k"], name: "k", value, input, described: input === "number" ? described : null };
  render(
    <MantineProvider>
      <FieldInput field={field} error={undefined} onChange={onChange} />
    </MantineProvider>,
  );
  return { onChange, input: screen.getByRole<HTMLInputElement>("textbox", { name: "k" }), user: userEvent.setup() };
}

describe("a field of a component", () => {
  it.each([
    ["a key without a value", null, ""],
    ["a number between quotes", "5", "5"],
    ["what is no number", "many", ""],
    ["a number", 5, "5"],
  ])("leaves %s as it is written when it is passed through", async (_, value, says) => {
    const { onChange, input, user } = shown(value);
    expect(input.value).toBe(says);
    await user.click(input);
    await user.keyboard("{Enter}");
    await user.tab();
    expect(onChange).not.toHaveBeenCalled();
  });

  it("writes the number that was typed once it is left, and only then", async () => {
    const { onChange, input, user } = shown(null);
    await user.type(input, "12");
    expect(onChange).not.toHaveBeenCalled();
    await user.tab();
    expect(onChange).toHaveBeenCalledExactlyOnceWith(12);
  });

  it("writes with the enter key", async () => {
    const { onChange, input, user } = shown("5");
    await user.clear(input);
    await user.type(input, "7{Enter}");
    expect(onChange).toHaveBeenCalledExactlyOnceWith(7);
  });

  it("shows again what is written where it was emptied, since taking the key out is another button", async () => {
    const { onChange, input, user } = shown(5);
    await user.clear(input);
    await user.tab();
    expect(onChange).not.toHaveBeenCalled();
    expect(input.value).toBe("5");
  });

  it("leaves a text as it is when it is passed through", async () => {
    const { onChange, input, user } = shown(null, "text");
    await user.click(input);
    await user.tab();
    expect(onChange).not.toHaveBeenCalled();
  });
});
