import { createFileRoute } from "@tanstack/react-router";
import { NewDeploymentPage } from "~/features/deployments/NewDeploymentPage";
import { newDeploymentSearch } from "~/features/deployments/search";

export const Route = createFileRoute("/_app/deployments/new")({ validateSearch: newDeploymentSearch, component: NewDeploymentPage });
