import { queryOptions } from "@tanstack/react-query";
import { ApiError, api, call } from "~/api/client";

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

/** Host ids that begin with a text: the list is by id, so that they stand together. */
export const hostsFrom = (start: string) =>
  queryOptions({
    queryKey: ["fleet", "from", start],
    queryFn: async ({ signal }) => {
      const after = await call(
        api.GET("/api/v2/agents", { params: { query: { limit: 20, ...(start === "" ? {} : { after: start }) } }, signal }),
      );
      const found = after.items.map((h) => h.hostId).filter((id) => id.startsWith(start));
      return start !== "" && (await exists(start, signal)) ? [start, ...found] : found;
    },
  });

async function exists(hostId: string, signal: AbortSignal): Promise<boolean> {
  try {
    await call(api.GET("/api/v2/agents/{hostId}", { params: { path: { hostId } }, signal }));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
