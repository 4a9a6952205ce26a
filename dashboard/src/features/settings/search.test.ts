import { expect, it } from "vitest";
import { settingsSearch } from "./search";

it("keeps the tab with what is open on it", () => {
  expect(settingsSearch({ tab: "prices", price: "datadog", sort: "-name" })).toMatchObject({
    tab: "prices",
    price: "datadog",
    sort: "-name",
  });
  expect(settingsSearch({ tab: "notifications", deliveries: 42 })).toMatchObject({ tab: "notifications", deliveries: "42" });
  expect(settingsSearch({ tab: "x" }).tab).toBeUndefined();
});
