import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const budgets = queryOptions({ queryKey: ["budgets"], queryFn: ({ signal }) => call(api.GET("/api/v2/budgets", { signal })) });
