import { SimpleGrid } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { PageHeader } from "~/shared/components/PageHeader";
import { type Change, changed } from "~/shared/search/change";
import { PurposeTable } from "./PurposeTable";
import { QueueSummary } from "./QueueSummary";
import type { TasksSearch } from "./search";
import { TaskDrawer } from "./TaskDrawer";
import { TaskTable } from "./TaskTable";
import { Throughput } from "./Throughput";

const route = getRouteApi("/_app/tasks");

export function TasksPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const onSearch = useCallback(
    (change: Change<TasksSearch>) => void navigate({ search: (was) => changed(was, change), replace: true }),
    [navigate],
  );
  return (
    <>
      <PageHeader title="Tasks" description="What hosts are to do, what they are at, and what has failed for good." />
      <QueueSummary />
      <SimpleGrid cols={{ base: 1, md: 2 }} mb="md">
        <Throughput span={search.span ?? "1h"} onSpan={(span) => onSearch({ span: span === "1h" ? undefined : span })} />
        <PurposeTable />
      </SimpleGrid>
      <TaskTable search={search} onSearch={onSearch} />
      {search.task !== undefined && <TaskDrawer id={search.task} onClose={() => onSearch({ task: undefined })} />}
    </>
  );
}
