import { createFileRoute } from "@tanstack/react-router";
import { OverviewPage } from "~/features/overview/OverviewPage";
import { askAhead } from "~/features/overview/queries";
import { overviewSearch } from "~/features/overview/search";

export const Route = createFileRoute("/_app/")({
  validateSearch: overviewSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => askAhead(context.queryClient, deps),
  component: OverviewPage,
});
