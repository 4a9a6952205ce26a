import { describe, expect, it } from "vitest";
import { dateTime, isTimeZone, momentOf, relative, zoneId, zoneName } from "./times";

const summer = "2026-07-01T23:30:05Z";

describe("times", () => {
  it("are shown in the zone that was chosen", () => {
    expect(dateTime(summer, "UTC")).toBe("2026-07-01 23:30:05");
    expect(dateTime(summer, "Europe/Berlin")).toBe("2026-07-02 01:30:05");
    expect(dateTime(summer, "America/New_York", false)).toBe("2026-07-01 19:30");
    expect(dateTime("2026-01-01T00:00:00Z", "UTC")).toBe("2026-01-01 00:00:00");
  });

  it("say which zone that is, with its summer time", () => {
    expect(zoneName("UTC", summer)).toBe("UTC");
    expect(zoneName("Europe/Berlin", summer)).not.toBe(zoneName("Europe/Berlin", "2026-01-01T00:00:00Z"));
  });

  it("are read as a clock of the zone shows them, also about the change to summer time", () => {
    expect(momentOf("2026-07-02 01:30:05", "Europe/Berlin")).toBe("2026-07-01T23:30:05.000Z");
    expect(momentOf("2026-11-27 20:30:00", "Asia/Tokyo")).toBe("2026-11-27T11:30:00.000Z");
    for (const at of ["2026-03-29T00:59:59.000Z", "2026-03-29T01:00:00.000Z", "2026-10-25T02:30:00.000Z", "2026-03-08T07:00:00.000Z"])
      for (const zone of ["Europe/Berlin", "America/New_York", "UTC"]) expect(momentOf(dateTime(at, zone), zone)).toBe(at);
    expect(zoneId("Asia/Tokyo")).toBe("Asia/Tokyo");
  });

  it("are told from now", () => {
    const now = Date.parse(summer);
    expect(relative(now - 1_000, now)).toBe("now");
    expect(relative(now - 59_000, now)).toBe("59 s ago");
    expect(relative(now - 3_600_000, now)).toBe("1 h ago");
    expect(relative(now + 3 * 86_400_000, now)).toBe("in 3 d");
  });

  it("know a zone from a word", () => {
    expect(isTimeZone("Asia/Tokyo")).toBe(true);
    expect(isTimeZone("local")).toBe(true);
    expect(isTimeZone("Mars/Olympus")).toBe(false);
  });
});
