import { createFileRoute } from "@tanstack/react-router";
import { ExperimentsPage } from "~/features/experiments/list/ExperimentsPage";
import { listSearch } from "~/features/experiments/list/listSearch";

export const Route = createFileRoute("/_app/experiments/")({ validateSearch: listSearch, component: ExperimentsPage });
