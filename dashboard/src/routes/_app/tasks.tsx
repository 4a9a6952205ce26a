import { createFileRoute } from "@tanstack/react-router";
import { tasksSearch } from "~/features/tasks/search";
import { TasksPage } from "~/features/tasks/TasksPage";

export const Route = createFileRoute("/_app/tasks")({ validateSearch: tasksSearch, component: TasksPage });
