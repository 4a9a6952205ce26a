import { createFileRoute } from "@tanstack/react-router";
import { ExperimentPage } from "~/features/experiment/ExperimentPage";
import { experimentSearch } from "~/features/experiment/search";

export const Route = createFileRoute("/_app/experiments/$id")({ validateSearch: experimentSearch, component: ExperimentPage });
