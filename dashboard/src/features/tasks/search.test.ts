import { describe, expect, it } from "vitest";
import { bulkFilter, tasksSearch } from "./search";

const id = "0190a1b2-c3d4-7e5f-8a6b-0123456789ab";

describe("the address of the tasks", () => {
  it("keeps filters that the queue knows", () => {
    expect(tasksSearch({ host: "web-1", experiment: id, purpose: "deploy", status: "deadLettered", span: "6h", task: id, x: 1 })).toEqual({
      host: "web-1",
      experiment: id,
      purpose: "deploy",
      status: "deadLettered",
      span: "6h",
      task: id,
    });
    expect(tasksSearch({ experiment: "not-an-id", purpose: "Deploy", status: "succeeded", span: "2h" })).toEqual({});
  });
});

describe("what a bulk action is for", () => {
  it("is what was ticked, before what the filter takes", () => {
    expect(bulkFilter({ host: "web-1", ticked: `${id},${id},x` })).toEqual({ ids: [id] });
    expect(bulkFilter({ host: "web-1", purpose: "deploy", status: "queued" })).toEqual({ hostId: "web-1", purpose: "deploy" });
  });

  it("is never everything by omission", () => {
    expect(bulkFilter({ status: "deadLettered" })).toBeNull();
    expect(bulkFilter({ ticked: "x,y" })).toBeNull();
  });
});
