import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { useBase } from "./useBase";

const begun = (latestVersion: number, asked?: number) =>
  renderHook(({ latestVersion, asked }) => useBase({ latestVersion }, asked), { initialProps: { latestVersion, asked } });

describe("what a draft stands on", () => {
  it("stays what it was when somebody publishes meanwhile, and says so", () => {
    const { result, rerender } = begun(3);
    expect(result.current).toMatchObject({ version: 3, newer: null });
    rerender({ latestVersion: 4, asked: undefined });
    expect(result.current).toMatchObject({ version: 3, newer: 4 });
  });

  it("becomes the latest only where that is asked for", () => {
    const { result, rerender } = begun(3);
    rerender({ latestVersion: 5, asked: undefined });
    act(() => result.current.beginWithLatest());
    expect(result.current).toMatchObject({ version: 5, newer: null });
  });

  it("is the version that the address names, of which the latest is no news", () => {
    const { result, rerender } = begun(3, 1);
    expect(result.current).toMatchObject({ version: 1, newer: null });
    rerender({ latestVersion: 4, asked: 1 });
    expect(result.current).toMatchObject({ version: 1, newer: 4 });
  });
});
