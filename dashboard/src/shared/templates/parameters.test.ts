import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import type { TemplateView } from "~/api/schema";
import { changed, filledIn, parameterErrors, parted } from "./parameters";

const template = {
  name: "topk",
  parameters: [
    { name: "metrics", type: "metrics", default: ["*"] },
    { name: "k", type: "integer", default: 20 },
    { name: "window", type: "duration", default: "1m" },
    { name: "note", type: "string", default: "" },
  ],
} as unknown as TemplateView;

describe("parameters of a template", () => {
  it("take their defaults, and what is known later over what is known before", () => {
    expect(filledIn(template, { k: 5, window: "5m", stranger: 1 }, { k: 7 })).toEqual({ metrics: ["*"], k: 7, window: "5m", note: "" });
  });

  it("are asked first where the template is about them or they were given, whatever their order", () => {
    const view = { ...template, measurements: [{ arguments: { k: 5 } }] } as unknown as TemplateView;
    const names = (of: TemplateView["parameters"]) => of.map((p) => p.name);
    const { first, fine, shared } = parted(view, new Set(["metrics"]), ["note"]);
    expect([names(first), names(fine), names(shared)]).toEqual([["k", "note"], ["window"], ["metrics"]]);
  });

  it("take no value that none can hold", () => {
    expect(filledIn(template, { k: { of: 3 }, metrics: [1] })).toEqual({ metrics: ["*"], k: 20, window: "1m", note: "" });
  });

  it("are sent where they are not the default", () => {
    expect(changed(template, { metrics: ["http_*"], k: 20, window: "1m", note: "" })).toEqual({ metrics: ["http_*"] });
  });

  it("are sent empty where a text was emptied, and left to the default where a number was", () => {
    expect(changed(template, { metrics: ["*"], k: "", window: "", note: "" })).toEqual({ window: "" });
  });

  it("show the first thing that is wrong with each", () => {
    const error = new ApiError(422, "parameters-invalid", "…", "template.parameters.k", {
      errors: [
        { parameter: "k", message: "0 is out of range", remedy: "choose 1 to 9" },
        { parameter: "k", message: "again", remedy: "no" },
        { parameter: "metrics", message: "has 0 items", remedy: "list 1 to 50" },
      ],
    });
    expect(parameterErrors(error)).toEqual({ k: "0 is out of range; choose 1 to 9", metrics: "has 0 items; list 1 to 50" });
    expect(parameterErrors(new Error("else"))).toEqual({});
  });
});
