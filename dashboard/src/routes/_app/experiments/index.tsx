import { createFileRoute } from "@tanstack/react-router";
import { ExperimentsPage } from "~/features/experiments/list/ExperimentsPage";
import { listSearch } from "~/features/experiments/list/listSearch";
import { askAhead } from "~/features/experiments/list/queries";

export const Route = createFileRoute("/_app/experiments/")({
  validateSearch: listSearch,
  loaderDeps: ({ search: { picked: _, ...asked } }) => asked,
  loader: ({ context, deps }) => askAhead(context.queryClient, deps),
  component: ExperimentsPage,
});
