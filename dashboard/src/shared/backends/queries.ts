import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const backends = queryOptions({ queryKey: ["backends"], queryFn: ({ signal }) => call(api.GET("/api/v2/backends", { signal })) });
