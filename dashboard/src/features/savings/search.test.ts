import { describe, expect, it } from "vitest";
import { savingsSearch } from "./search";

describe("the address of the savings", () => {
  it("keeps what it can mean", () => {
    expect(savingsSearch({ tab: "trend", by: "team", from: "2026-11-01", days: "30", currency: "EUR" })).toMatchObject({
      tab: "trend",
      by: "team",
      from: "2026-11-01",
      days: 30,
      currency: "EUR",
    });
  });

  it("leaves out what it cannot", () => {
    const search = savingsSearch({ tab: "nothing", by: "planet", from: "2026-13-45", to: 7, days: 0, price: "", currency: "euro" });
    expect(Object.values(search).every((v) => v === undefined)).toBe(true);
  });
});
