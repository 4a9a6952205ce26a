import { describe, expect, it } from "vitest";
import { hosts, named, sentence, spaced, timeSpan } from "./sentences";

describe("a sentence of an event", () => {
  it("says who it is about and what was measured", () => {
    const arms = { baseline: { seriesActive: 1000 }, candidate: { seriesActive: 250 } };
    expect(sentence("window_measured", { number: 7, hosts: 1, ...arms })).toBe("Window 7 measured over 1 host, 75.0 % fewer live series.");
    expect(sentence("window_measured", { number: 7, hosts: 2, baseline: { seriesActive: 0 }, candidate: { seriesActive: 0 } })).toBe(
      "Window 7 measured over 2 hosts.",
    );
    expect(sentence("experiment_drafted", { candidate: { name: "lean", version: 2 }, baseline: { name: "full", version: 1 } })).toBe(
      "Drafted: lean version 2 against full version 1.",
    );
    expect(sentence("rollback_requested", { hosts: ["a"], cause: "hostFailed", detail: "It did not start." })).toBe(
      "A rollback of a was asked for (host failed): It did not start.",
    );
    expect(sentence("rollback_requested", { hosts: ["a"], cause: "operator", detail: "" })).toBe(
      "A rollback of a was asked for (operator).",
    );
    expect(sentence("promotion_requested", { hosts: ["a"], overrides: "The verdict is to reject." })).toContain("against the verdict");
    expect(
      sentence("wave_judged", {
        wave: 2,
        checks: [
          { kind: "cpu", outcome: "notMet" },
          { kind: "dataLeaves", outcome: "met" },
        ],
      }),
    ).toBe("Wave 2 was judged: CPU not met.");
  });

  it("of a type that nobody foresaw is its name", () => {
    expect(sentence("something_new", null)).toBe("Something new");
    expect(named("a_b")).toBe("A b");
  });

  it("survives data of another shape", () => {
    for (const data of [null, undefined, 5, "x", [], { hosts: 3, checks: "no", baseline: null }])
      for (const type of ["window_measured", "experiment_drafted", "wave_judged", "agent_labelled", "fleet_sampled", "experiment_extended"])
        expect(typeof sentence(type, data)).toBe("string");
  });
});

describe("words in it", () => {
  it("name a few hosts and count many", () => {
    expect(hosts(["a", "b"])).toBe("a, b");
    expect(hosts([{ hostId: "a" }])).toBe("a");
    expect(hosts(["a", "b", "c", "d"])).toBe("4 hosts");
    expect(hosts(null)).toBe("no host");
  });

  it("say durations of .NET", () => {
    expect(timeSpan("00:05:00")).toBe("5 min");
    expect(timeSpan("1.02:00:00")).toBe("1 d 2 h");
    expect(timeSpan(90)).toBe("1 min 30 s");
    expect(timeSpan("soon")).toBe("soon");
  });

  it("are spaced", () => expect(spaced("protectedRetention")).toBe("protected retention"));
});
