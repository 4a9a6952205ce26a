import { describe, expect, it } from "vitest";
import type { ComponentKey } from "~/api/schema";
import { fieldsOf, helpOf, initialOf, unsetKeys } from "./fields";

const key = (key: string, type: ComponentKey["type"], over: Partial<ComponentKey> = {}): ComponentKey => ({
  key,
  type,
  default: null,
  minimum: null,
  maximum: null,
  allowed: [],
  ...over,
});

const KEYS = [
  key("k", "wholeNumber", { default: "10", minimum: "1", maximum: "1000000" }),
  key("by", "choice", { default: "rate", allowed: ["rate", "value"] }),
  key("metrics", "list"),
  key("hysteresis", "section"),
  key("hysteresis.enter", "number", { default: "0.8", minimum: "0.01", maximum: "1" }),
  key("hysteresis.leave", "number", { default: "1.25" }),
  key("gauges", "section"),
  key("rules", "sections"),
  key("rules[].drop", "list"),
];

describe("the fields of a component", () => {
  it("are what is set, sections with known keys taken apart", () => {
    const fields = fieldsOf({ k: 5, hysteresis: { enter: 0.5 }, gauges: { "shop.queue": "max" }, metrics: ["a"], other: true }, KEYS);
    expect(fields.map((f) => [f.name, f.input])).toEqual([
      ["k", "number"],
      ["hysteresis.enter", "number"],
      ["gauges", "yaml"],
      ["metrics", "list"],
      ["other", "flag"],
    ]);
    expect(fields[1]?.path).toEqual(["hysteresis", "enter"]);
  });

  it("keep a variable of the host as a text, where a number would be", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so collectors name variables.
    expect(fieldsOf({ k: "${env:K}", by: "${env:BY}" }, KEYS).map((f) => f.input)).toEqual(["text", "text"]);
  });

  it("can be joined by every key that is not set", () => {
    expect(unsetKeys({ k: 5, hysteresis: { enter: 0.5 } }, KEYS).map((k) => k.key)).toEqual([
      "by",
      "metrics",
      "hysteresis.leave",
      "gauges",
      "rules",
    ]);
    expect(unsetKeys(null, KEYS)).toHaveLength(KEYS.length - 2);
  });

  it("begin with their default, or the least that they can be", () => {
    expect(KEYS.slice(0, 3).map(initialOf)).toEqual([10, "rate", []]);
    expect(initialOf(key("on", "flag", { default: "false" }))).toBe(true);
    expect(initialOf(key("timeout", "duration", { minimum: "1s" }))).toBe("1s");
  });

  it("say their bounds", () => {
    expect(helpOf(KEYS[0] ?? null)).toBe("1 to 1000000; 10 by default");
    expect(helpOf(null)).toBeUndefined();
  });
});
