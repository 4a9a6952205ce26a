import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
import { PreferencesProvider } from "~/shared/session/preferences";

export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: () => (
    <PreferencesProvider>
      <Outlet />
    </PreferencesProvider>
  ),
});
