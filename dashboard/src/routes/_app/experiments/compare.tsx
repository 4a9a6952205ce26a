import { createFileRoute } from "@tanstack/react-router";
import { ComparePage } from "~/features/experiments/compare/ComparePage";
import { compareSearch } from "~/features/experiments/compare/compareSearch";

export const Route = createFileRoute("/_app/experiments/compare")({ validateSearch: compareSearch, component: ComparePage });
