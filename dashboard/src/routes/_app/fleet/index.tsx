import { createFileRoute } from "@tanstack/react-router";
import { FleetPage } from "~/features/fleet/FleetPage";
import { askAhead } from "~/features/fleet/queries";
import { fleetSearch, hostFilters } from "~/features/fleet/search";

export const Route = createFileRoute("/_app/fleet/")({
  validateSearch: fleetSearch,
  loaderDeps: ({ search }) => ({ filters: hostFilters(search), at: search.at, tab: search.tab }),
  loader: ({ context, deps }) => askAhead(context.queryClient, deps),
  component: FleetPage,
});
