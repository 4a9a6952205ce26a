import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

/** The user's own saved views, of every page. */
export const savedViews = queryOptions({
  queryKey: ["views"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/users/me/views", { signal })),
});

/** Saves a page's search under a name; what was saved under it before is replaced. */
export const saveView = (name: string, page: string, search: Record<string, unknown>) =>
  call(api.PUT("/api/v2/users/me/views/{name}", { params: { path: { name } }, body: { page, search: search as never } }));

export const deleteView = (name: string) => call(api.DELETE("/api/v2/users/me/views/{name}", { params: { path: { name } } }));
