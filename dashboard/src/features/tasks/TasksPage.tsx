import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { PageHeader } from "~/shared/components/PageHeader";
import type { TasksSearch } from "./search";
import { TaskDrawer } from "./TaskDrawer";
import { TaskTable } from "./TaskTable";

const route = getRouteApi("/_app/tasks");

export function TasksPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const onSearch = useCallback(
    (changes: Partial<TasksSearch>) => void navigate({ search: (was) => ({ ...was, ...changes }), replace: true }),
    [navigate],
  );
  return (
    <>
      <PageHeader title="Tasks" description="What hosts are to do, what they are at, and what has failed for good." />
      <TaskTable search={search} onSearch={onSearch} />
      {search.task !== undefined && <TaskDrawer id={search.task} onClose={() => onSearch({ task: undefined })} />}
    </>
  );
}
