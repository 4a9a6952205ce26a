import { createFileRoute } from "@tanstack/react-router";
import { PipelinePage } from "~/features/pipelines/components/PipelinePage";
import { pipelineSearch } from "~/features/pipelines/search";

export const Route = createFileRoute("/_app/pipelines/$id")({ validateSearch: pipelineSearch, component: PipelinePage });
