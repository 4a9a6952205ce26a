import { describe, expect, it } from "vitest";
import { parseDuration, writeDuration } from "./durations";

describe("a time that is typed", () => {
  it.each([
    ["90", 90],
    ["45 s", 45],
    ["30min", 1800],
    ["30m", 1800],
    ["1 h 30 min", 5400],
    ["7 D", 604_800],
    ["1.5h", 5400],
    ["500ms", 0.5],
    ["0", 0],
  ])("reads %s", (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  it.each(["", "  ", "soon", "5 weeks", "-3 s", "1h soon", "h", "1 h x2"])("does not guess at '%s'", (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  it.each([1, 59, 60, 90, 3600, 5400, 86_400, 90_061, 7_776_000, 0, 0.5, 2.5])("writes %d so that it reads the same", (seconds) =>
    expect(parseDuration(writeDuration(seconds))).toBe(seconds),
  );
});
