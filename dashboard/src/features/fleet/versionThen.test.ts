import { expect, it } from "vitest";
import { versionThen } from "./versionThen";

const version = {
  pipelineId: "p",
  version: 1,
  configurationHash: "h",
  since: "2026-11-27T10:00:00.000001Z",
  until: "2026-11-27T11:00:00Z",
  taskId: "t",
};

it("has its end only once it had ended", () => {
  expect(versionThen(version)).toBe(version);
  expect(versionThen(version, "2026-11-27T11:00:00Z")).toBe(version);
  expect(versionThen(version, "2026-11-27T10:30:00Z")).toEqual({ ...version, until: null });
});

it("was not there before it came", () => {
  expect(versionThen(version, "2026-11-27T10:00:00.000000Z")).toBeUndefined();
  expect(versionThen(version, "2026-11-27T10:00:00.000001Z")).toBeDefined();
});
