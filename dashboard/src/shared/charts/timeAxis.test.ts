import { describe, expect, it } from "vitest";
import { timeAxis } from "./timeAxis";

const at = (text: string) => Date.parse(text);

describe("an axis of time", () => {
  it("is labelled in the zone that was chosen", () => {
    const { formatter } = timeAxis([at("2026-11-27T10:00:00Z"), at("2026-11-27T12:00:00Z")], "Asia/Tokyo").axisLabel;
    expect(formatter(at("2026-11-27T11:30:00Z"))).toBe("20:30");
  });

  it("says the day where there are several there, and seconds where there are few", () => {
    const times = [at("2026-11-27T10:00:00Z"), at("2026-11-27T16:00:00Z")];
    expect(timeAxis(times, "Asia/Tokyo").axisLabel.formatter(at("2026-11-27T15:30:00Z"))).toBe("11-28 00:30");
    expect(timeAxis([times[0] ?? 0, (times[0] ?? 0) + 60_000], "UTC").axisLabel.formatter(at("2026-11-27T10:00:10Z"))).toBe("10:00:10");
  });
});
