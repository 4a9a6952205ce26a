import { queryOptions } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const cost = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "cost", id],
    queryFn: ({ signal }) => call(api.GET("/api/v2/experiments/{id}/cost", { params: { path: { id } }, signal })),
  });
