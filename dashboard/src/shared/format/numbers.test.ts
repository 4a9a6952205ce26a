import { describe, expect, it } from "vitest";
import { bytes, count, counted, duration, money, percent, UNKNOWN } from "./numbers";

describe("numbers", () => {
  it("counts one thing as one", () => {
    expect(counted(1, "host")).toBe("1 host");
    expect(counted(0, "host")).toBe("0 hosts");
    expect(counted(12_345, "entry", "entries")).toBe("12,345 entries");
  });

  it("are never invented where nothing was measured", () => {
    for (const format of [count, percent, bytes, duration])
      for (const value of [null, undefined, Number.NaN]) expect(format(value)).toBe(UNKNOWN);
    expect(money(null, "USD")).toBe(UNKNOWN);
    expect(money(1, null)).toBe(UNKNOWN);
  });

  it("that are not quite none or all are not rounded to it", () => {
    expect(percent(0)).toBe("0.0 %");
    expect(percent(0.001)).toBe("< 0.1 %");
    expect(percent(99.99)).toBe("> 99.9 %");
    expect(percent(100)).toBe("100.0 %");
    expect(percent(-12.34)).toBe("-12.3 %");
  });

  it("of bytes change the unit at its border", () => {
    expect(bytes(0)).toBe("0 B");
    expect(bytes(1023)).toBe("1,023 B");
    expect(bytes(1024)).toBe("1.0 KiB");
    expect(bytes(50 * 1024 * 1024)).toBe("50.0 MiB");
  });

  it("of time show the two units that matter", () => {
    expect(duration(0.25)).toBe("250 ms");
    expect(duration(59)).toBe("59 s");
    expect(duration(59.7)).toBe("60 s");
    expect(duration(60)).toBe("1 min");
    expect(duration(3_725)).toBe("1 h 2 min");
    expect(duration(2 * 86_400 + 4 * 3_600 + 5)).toBe("2 d 4 h");
  });

  it("of money have cents where they count", () => {
    expect(money(12.345, "USD")).toBe("$12.35");
    expect(money(-12345.6, "EUR")).toBe("-€12,346");
  });
});
