import { expect, it } from "vitest";
import { timeLeft } from "./timeLeft";

const [from, until] = ["2026-11-27T10:00:00Z", "2026-11-27T11:00:00Z"];

it("is told in seconds and as a share of the whole", () => {
  expect(timeLeft(from, until, Date.parse("2026-11-27T10:45:00Z"))).toEqual({ seconds: 900, pct: 25 });
  expect(timeLeft(from, until, Date.parse("2026-11-27T12:00:00Z"))).toEqual({ seconds: 0, pct: 0 });
  expect(timeLeft(from, until, Date.parse("2026-11-27T09:59:59Z"))?.pct).toBe(100);
  expect(timeLeft(from, null, 0)).toBeNull();
});
