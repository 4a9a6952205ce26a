import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { UserView } from "~/api/schema";

export type Role = "viewer" | "operator" | "admin";

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Who is signed in. Refused with 401 where nobody is. */
export const me = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/users/me", { signal })),
  staleTime: 5 * 60_000,
});

export const suffices = (role: string | undefined, least: Role): boolean =>
  role !== undefined && role in RANK && RANK[role as Role] >= RANK[least];

/** The signed-in user, null until known. */
export function useMe(): UserView | null {
  return useQuery(me).data ?? null;
}

/** Whether something may be offered to the user. Whether it is allowed decides the control plane, at every request. */
export function useMay(least: Role): boolean {
  return suffices(useMe()?.role, least);
}
