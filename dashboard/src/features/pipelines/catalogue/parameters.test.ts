import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import type { TemplateParameterView } from "~/api/schema";
import { argumentsOf, boundsOf, refusedParameters, valuesOf } from "./parameters";

const parameter = (over: Partial<TemplateParameterView>): TemplateParameterView =>
  ({
    name: "k",
    type: "integer",
    default: 20,
    help: "",
    unit: "groups",
    minimum: 1,
    maximum: 1000,
    allowed: [],
    pattern: null,
    patternHelp: null,
    variables: false,
    ...over,
  }) as TemplateParameterView;

const PARAMETERS = [parameter({}), parameter({ name: "labels", type: "list", default: ["a"], minimum: 1 })];

describe("parameters of a template", () => {
  it("are sent where they differ from their default alone", () => {
    expect(argumentsOf(PARAMETERS, valuesOf(PARAMETERS))).toEqual({});
    expect(argumentsOf(PARAMETERS, valuesOf(PARAMETERS, { labels: ["b"] }))).toEqual({ labels: ["b"] });
    expect(argumentsOf(PARAMETERS, { ...valuesOf(PARAMETERS), k: 5 })).toEqual({ k: 5 });
  });

  it("say their bounds in their unit", () => {
    expect(boundsOf(parameter({}))).toBe("1 to 1000 groups.");
    expect(boundsOf(parameter({ type: "duration", minimum: 0.1, maximum: 3600 }))).toBe("100ms to 1h.");
    expect(boundsOf(parameter({ type: "list", allowed: ["cpu", "disk"] }))).toBe("Of cpu, disk.");
  });

  it("show what the control plane has against each", () => {
    const error = new ApiError(422, "parameters-invalid", "", null, {
      errors: [{ parameter: "k", message: "is 0", remedy: "choose 1 to 1000" }],
    });
    expect(refusedParameters(error)).toEqual({ k: "It is 0; choose 1 to 1000" });
    expect(refusedParameters(new Error("away"))).toEqual({});
  });
});
