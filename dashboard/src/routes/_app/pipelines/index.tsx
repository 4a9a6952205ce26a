import { createFileRoute } from "@tanstack/react-router";
import { PipelinesPage } from "~/features/pipelines/components/PipelinesPage";
import { pipelinesSearch } from "~/features/pipelines/search";

export const Route = createFileRoute("/_app/pipelines/")({ validateSearch: pipelinesSearch, component: PipelinesPage });
