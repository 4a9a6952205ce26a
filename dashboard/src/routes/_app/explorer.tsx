import { createFileRoute } from "@tanstack/react-router";
import { ExplorerPage } from "~/features/explorer/ExplorerPage";
import { explorerSearch } from "~/features/explorer/search";

export const Route = createFileRoute("/_app/explorer")({ validateSearch: explorerSearch, component: ExplorerPage });
