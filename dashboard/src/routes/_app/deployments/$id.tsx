import { createFileRoute } from "@tanstack/react-router";
import { DeploymentPage } from "~/features/deployments/DeploymentPage";
import { deploymentSearch } from "~/features/deployments/search";

export const Route = createFileRoute("/_app/deployments/$id")({ validateSearch: deploymentSearch, component: DeploymentPage });
