import { createFileRoute } from "@tanstack/react-router";
import { HostPage } from "~/features/fleet/HostPage";
import { hostSearch } from "~/features/fleet/search";

export const Route = createFileRoute("/_app/fleet/$hostId")({ validateSearch: hostSearch, component: HostPage });
