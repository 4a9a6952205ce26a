import { expect, it } from "vitest";
import type { PipelineUse } from "~/api/schema";
import { usesOf, usesText } from "./uses";

const uses = [
  { pipelineId: "a", version: 1, hosts: 1 },
  { pipelineId: "b", version: 9, hosts: 5 },
  { pipelineId: "a", version: 3, hosts: 1200 },
] as PipelineUse[];

it("says of one pipeline how many hosts run which version, the newest first", () => {
  expect(usesOf(uses, "a").map((u) => u.version)).toEqual([3, 1]);
  expect(usesText(usesOf(uses, "a"))).toBe("1,200 hosts on v3, 1 host on v1");
  expect(usesOf(undefined, "a")).toEqual([]);
});
