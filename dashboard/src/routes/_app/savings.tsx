import { createFileRoute } from "@tanstack/react-router";
import { PageHeader } from "~/shared/components/PageHeader";

export const Route = createFileRoute("/_app/savings")({ component: () => <PageHeader title="savings" /> });
