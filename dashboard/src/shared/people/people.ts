import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call } from "~/api/client";

export const users = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/users", { signal })),
  staleTime: 5 * 60_000,
});

/** Events name people by opaque ids; names are in the directory, where they can be erased. */
export function useActorName(): (actor: string | null | undefined) => string {
  const known = useQuery(users).data;
  return (actor) => {
    if (!actor) return "–";
    if (actor === "system") return "Phoenix";
    if (actor.startsWith("agent:")) return actor.slice("agent:".length);
    const user = known?.find((u) => u.id === actor);
    return user === undefined ? actor : user.name === "" ? `user ${actor.slice(0, 8)} (name erased)` : user.name;
  };
}
