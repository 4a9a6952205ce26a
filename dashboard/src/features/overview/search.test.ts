import { expect, it } from "vitest";
import { overviewSearch } from "./search";

it("has no more in the address than differs from the usual", () => {
  expect(overviewSearch({ by: "service", price: "signoz-cloud-samples" })).toEqual({ by: "service", price: "signoz-cloud-samples" });
  expect(overviewSearch({ by: "metric", price: "" })).toEqual({ by: undefined, price: undefined });
  expect(overviewSearch({ by: "planet", price: {} })).toEqual({ by: undefined, price: undefined });
});
