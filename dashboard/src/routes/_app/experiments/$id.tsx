import { createFileRoute } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";

export const Route = createFileRoute("/_app/experiments/$id")({ component: () => <PageHeader title="experiments/$id" /> });
