import { createFileRoute } from "@tanstack/react-router";
import { NewPipelinePage } from "~/features/pipelines/components/NewPipelinePage";
import { newPipelineSearch } from "~/features/pipelines/search";

export const Route = createFileRoute("/_app/pipelines/new")({ validateSearch: newPipelineSearch, component: NewPipelinePage });
