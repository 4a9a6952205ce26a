import { createRouter, parseSearchWith, stringifySearchWith } from "@tanstack/react-router";
import { ErrorPage } from "~/shared/components/ErrorPage";
import { LoadingPage } from "~/shared/components/LoadingPage";
import { NotFoundPage } from "~/shared/components/NotFoundPage";
import { queryClient } from "./queryClient";
import { routeTree } from "./routeTree.gen";

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingComponent: LoadingPage,
  defaultNotFoundComponent: NotFoundPage,
  defaultErrorComponent: ErrorPage,
  // Addresses that people can read and edit: a text stands as it is, anything else as JSON.
  parseSearch: parseSearchWith(JSON.parse),
  stringifySearch: stringifySearchWith(JSON.stringify, JSON.parse),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
