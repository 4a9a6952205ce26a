import { createFileRoute } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";

export const Route = createFileRoute("/_app/fleet/$hostId")({ component: () => <PageHeader title="fleet/$hostId" /> });
