import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** Named selectors, with the number of their hosts. */
export const groups = queryOptions({
  queryKey: ["groups"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/groups", { signal })),
  refetchInterval: 30_000,
});

const MOST_COUNTED = 1000;

/** How many hosts a selector takes; at most a thousand are counted. */
export const matching = (selector: string) =>
  queryOptions({
    queryKey: ["fleet", "matching", selector],
    queryFn: async ({ signal }) => {
      const page = await call(api.GET("/api/v2/agents", { params: { query: { selector, limit: MOST_COUNTED } }, signal }));
      const hosts = page.items.filter((h) => h.state !== "decommissioned");
      return { hosts: hosts.length, andMore: Boolean(page.next), ids: hosts.map((h) => h.hostId) };
    },
  });

const MOST_FOUND = 20;

/** Ids of hosts that have a text somewhere in their id, the first of them. */
export const hostsFound = (part: string) =>
  queryOptions({
    queryKey: ["fleet", "found", part],
    queryFn: async ({ signal }) => {
      const page = await call(api.GET("/api/v2/agents", { params: { query: { search: part || undefined, limit: MOST_FOUND } }, signal }));
      return page.items.map((h) => h.hostId);
    },
  });
