import { createFileRoute } from "@tanstack/react-router";
import { DeploymentsPage } from "~/features/deployments/DeploymentsPage";
import { deploymentsSearch } from "~/features/deployments/search";

export const Route = createFileRoute("/_app/deployments/")({ validateSearch: deploymentsSearch, component: DeploymentsPage });
