import { createFileRoute } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";

export const Route = createFileRoute("/_app/experiments/new")({ component: () => <PageHeader title="experiments/new" /> });
