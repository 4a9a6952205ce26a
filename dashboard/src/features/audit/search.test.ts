import { describe, expect, it } from "vitest";
import { auditSearch, exportOf, filterOf } from "./search";

const stream = "01a2b3c4-0000-7000-8000-000000000001";

describe("the address of the audit log", () => {
  it("keeps what it can mean", () => {
    const search = auditSearch({
      streamType: "Experiment",
      streamId: stream,
      from: "2026-11-01T00:00:00Z",
      order: "asc",
      event: "17",
      text: " why ",
    });
    expect(search).toMatchObject({
      streamType: "Experiment",
      streamId: stream,
      from: "2026-11-01T00:00:00.000Z",
      order: "asc",
      event: 17,
      text: "why",
    });
  });

  it("leaves out what it cannot", () => {
    const search = auditSearch({ streamType: "Planet", streamId: "x", from: "yesterday", order: "up", event: -1, text: "  " });
    expect(Object.values(search).every((v) => v === undefined)).toBe(true);
  });

  it("asks the API for several types as a list, and for nothing that is not a filter", () => {
    expect(filterOf({ type: "task_queued, task_failed", event: 3, order: "asc" })).toEqual({ type: ["task_queued", "task_failed"] });
  });

  it("exports what is shown", () => {
    expect(exportOf({ actor: "system", event: 3, order: "asc" }, "csv")).toBe("/api/v2/audit/export?format=csv&actor=system");
  });
});
