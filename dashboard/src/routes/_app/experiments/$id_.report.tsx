import { createFileRoute } from "@tanstack/react-router";
import { ReportPage } from "~/features/experiment/report/ReportPage";
import { atSearch } from "~/shared/as-of/moments";

export const Route = createFileRoute("/_app/experiments/$id_/report")({ validateSearch: atSearch, component: ReportPage });
