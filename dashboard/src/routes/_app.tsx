import { createFileRoute, redirect } from "@tanstack/react-router";
import { ApiError } from "~/api/client";
import { Shell } from "~/features/shell/Shell";
import { me } from "~/shared/session/session";

/** Every page but the sign-in: for who is signed in. */
export const Route = createFileRoute("/_app")({
  // Not before the page's own loading, but beside it: what the page shows is asked for meanwhile.
  loader: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(me);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401)
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { redirect: location.href } });
      throw error;
    }
  },
  // Who comes back from the sign-in is asked for anew.
  gcTime: 0,
  component: Shell,
});
