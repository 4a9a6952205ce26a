import { createFileRoute } from "@tanstack/react-router";
import { FleetPage } from "~/features/fleet/FleetPage";
import { fleetSearch } from "~/features/fleet/search";

export const Route = createFileRoute("/_app/fleet/")({ validateSearch: fleetSearch, component: FleetPage });
