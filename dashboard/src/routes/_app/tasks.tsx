import { createFileRoute } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";

export const Route = createFileRoute("/_app/tasks")({ component: () => <PageHeader title="tasks" /> });
