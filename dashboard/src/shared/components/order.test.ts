import { expect, it } from "vitest";
import { readOrder, writeOrder } from "./order";

it("is read back as it was written", () => {
  for (const sorting of [[], [{ id: "saved", desc: true }], [{ id: "name", desc: false }]])
    expect(readOrder(writeOrder(sorting))).toEqual(sorting);
  expect(writeOrder([{ id: "saved", desc: true }])).toBe("-saved");
});
