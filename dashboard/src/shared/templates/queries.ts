import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { ParameterValues } from "./parameters";

/** Templates come with the control plane: they change with its version alone. */
const staleTime = 60 * 60_000;

export const catalogue = queryOptions({
  queryKey: ["catalogue"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/catalogue", { signal })),
  staleTime,
});

export const template = (name: string) =>
  queryOptions({
    queryKey: ["catalogue", name],
    queryFn: ({ signal }) => call(api.GET("/api/v2/catalogue/{name}", { params: { path: { name } }, signal })),
    staleTime,
  });

/** The names of what every template has about input and output: the parameters of the one that only takes in and sends on. */
export const ways = queryOptions({ ...template("baseline"), select: (plain) => new Set(plain.parameters.map((p) => p.name)) });

/** The configuration that the parameters make. A read for all that it is a POST: nothing is kept. */
export const rendered = (name: string, parameters: ParameterValues) =>
  queryOptions({
    queryKey: ["catalogue", name, "rendered", parameters],
    queryFn: ({ signal }) =>
      call(
        api.POST("/api/v2/catalogue/{name}/render", {
          params: { path: { name } },
          // The document knows only that parameters are an object; what each holds says the template.
          body: { parameters: parameters as Record<string, never> },
          signal,
        }),
      ),
    staleTime,
  });
