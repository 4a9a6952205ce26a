import { PageHeader } from "~/shared/components/PageHeader";

export function OverviewPage() {
  return <PageHeader title="Overview" />;
}
