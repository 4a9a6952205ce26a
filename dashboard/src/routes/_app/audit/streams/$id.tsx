import { createFileRoute } from "@tanstack/react-router";
import { ReplayPage } from "~/features/audit/ReplayPage";

export const Route = createFileRoute("/_app/audit/streams/$id")({
  validateSearch: (search: Record<string, unknown>): { version?: number } => {
    const version = Number(search.version);
    return Number.isInteger(version) && version > 0 ? { version } : {};
  },
  component: ReplayPage,
});
