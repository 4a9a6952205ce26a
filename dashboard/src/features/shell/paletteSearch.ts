import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

const MOST = 6;

/** What is called so: experiments, pipelines and hosts by a part of their name. */
export const paletteSearch = (text: string) =>
  queryOptions({
    queryKey: ["palette", text],
    queryFn: async ({ signal }) => {
      const [experiments, pipelines, hosts] = await Promise.all([
        call(api.GET("/api/v2/experiments", { params: { query: { limit: MOST, search: text } }, signal })),
        call(api.GET("/api/v2/pipelines", { signal })),
        call(api.GET("/api/v2/agents", { params: { query: { limit: MOST, search: text } }, signal })),
      ]);
      const has = (name: string) => name.toLowerCase().includes(text.toLowerCase());
      return {
        experiments: experiments.items,
        pipelines: pipelines.items.filter((p) => has(p.name)).slice(0, MOST),
        hosts: hosts.items,
      };
    },
  });
