import { describe, expect, it } from "vitest";
import { everStarted, steps } from "./guide";

const nothing = { hosts: 0, pipelines: 0, seriesIn: 0, drafts: 0, started: 0 };
const open = (p: Partial<typeof nothing>) =>
  steps({ ...nothing, ...p })
    .filter((s) => !s.done)
    .map((s) => s.step);

describe("the first steps", () => {
  it("are all open where there is nothing", () => expect(open({})).toEqual(["enrol", "pipeline", "flow", "draft", "start"]));

  it("are told by what there is, in any order", () => {
    expect(open({ pipelines: 2 })).toEqual(["enrol", "flow", "draft", "start"]);
    expect(open({ hosts: 1, pipelines: 1, seriesIn: 10, drafts: 1 })).toEqual(["start"]);
  });

  it("are over once an experiment was started, though hosts are gone since", () => {
    expect(open({ started: 1 })).toEqual([]);
    expect(everStarted({ draft: 3, running: 0 }, 0)).toBe(0);
    expect(everStarted({ draft: 3, stopped: 1 }, 0)).toBe(1);
    expect(everStarted({ draft: 0 }, 1)).toBe(1);
  });
});
