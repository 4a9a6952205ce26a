import { describe, expect, it } from "vitest";
import { taskStep } from "./taskEvents";

describe("a step of a task", () => {
  it("says what went wrong with its code and the collector's last lines", () => {
    expect(taskStep("task_failed", { lease: 3, code: "not-healthy", detail: "no data", retryable: true, logTail: ["a", 1] })).toEqual({
      title: "Failed",
      detail: "not-healthy: no data",
      bad: true,
      logTail: ["a"],
    });
    expect(taskStep("task_failed", { retryable: false }).title).toBe("Failed for good");
    expect(taskStep("task_dead_lettered", { attempts: 5, code: "x", detail: "" })).toMatchObject({
      title: "Dead letter after 5 attempts",
      detail: "x",
    });
  });

  it("is told by its type where it is not known", () => {
    expect(taskStep("task_moved_to_the_moon", null)).toEqual({ title: "task_moved_to_the_moon", detail: null, bad: false, logTail: [] });
  });
});
