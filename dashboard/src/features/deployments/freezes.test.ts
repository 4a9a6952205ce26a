import { describe, expect, it } from "vitest";
import type { ChangeFreeze } from "~/api/schema";
import { freezeText, fromFreeze, newFreeze, toFreeze } from "./freezes";

const weekly: ChangeFreeze = {
  name: "Weekend",
  from: null,
  until: null,
  weekly: { day: "friday", start: "18:00:00", hours: 62, timeZone: "Europe/Berlin" },
};
const once: ChangeFreeze = { name: "Sale", from: "2026-12-24T17:00:00.000Z", until: "2026-12-27T05:00:00.000Z", weekly: null };

describe("a freeze", () => {
  it("goes through the form as it is", () => {
    expect(toFreeze(fromFreeze(weekly, "UTC"))).toEqual(weekly);
    expect(toFreeze(fromFreeze(once, "UTC"))).toEqual(once);
  });

  it("is once or weekly, never both", () => {
    const values = { ...newFreeze("UTC"), name: "x", from: "2026-12-24 18:00:00", until: "2026-12-25 18:00:00" };
    expect(toFreeze({ ...values, kind: "weekly" })).toMatchObject({ from: null, until: null, weekly: { timeZone: "UTC" } });
    expect(toFreeze({ ...values, kind: "once" }).weekly).toBeNull();
  });

  it("says when it is", () => {
    expect(freezeText(weekly, "UTC")).toBe("every Friday from 18:00 for 2 d 14 h, Europe/Berlin");
    expect(freezeText(once, "UTC")).toBe("2026-12-24 17:00 to 2026-12-27 05:00 UTC");
  });
});
