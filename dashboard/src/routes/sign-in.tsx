import { createFileRoute } from "@tanstack/react-router";
import { SignInPage } from "~/features/session/SignInPage";

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: Record<string, unknown>): { redirect?: string } =>
    // Only a page of this dashboard: else a link could lead whoever signs in elsewhere.
    typeof search.redirect === "string" && /^\/(?![/\\])/.test(search.redirect) ? { redirect: search.redirect } : {},
  component: SignInPage,
});
