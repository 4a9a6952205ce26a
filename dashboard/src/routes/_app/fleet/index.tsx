import { createFileRoute } from "@tanstack/react-router";
import { FleetPage } from "~/features/fleet/FleetPage";
import { askAhead } from "~/features/fleet/queries";
import { fleetSearch } from "~/features/fleet/search";

export const Route = createFileRoute("/_app/fleet/")({
  validateSearch: fleetSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => askAhead(context.queryClient, deps),
  component: FleetPage,
});
