import { Button, Group, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { CancelTasksRequest, RequeueTasksRequest } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { count } from "~/shared/format/numbers";
import { purposeLabel } from "~/shared/tasks/words";
import { concerned } from "./queries";
import { bulkFilter, type Status, type TaskFilter, type TasksSearch } from "./search";

const OPEN: readonly Status[] = ["queued", "assigned"];
const DEAD: readonly Status[] = ["deadLettered"];

/** Requeues dead letters, or cancels open tasks: those that are ticked, else all that the filters take. */
export function BulkActions({ search, onDone }: { search: TasksSearch; onDone: () => void }) {
  const [asking, setAsking] = useState<"requeue" | "cancel" | null>(null);
  const filter = bulkFilter(search);
  if (filter === null)
    return (
      <Text size="sm" c="dimmed">
        Tick tasks, or filter by host, experiment or purpose, to requeue or cancel many at once.
      </Text>
    );
  const these = filter.ids === undefined ? "all of these" : `${count(filter.ids.length)} ticked`;
  return (
    <Group gap="xs">
      {search.status !== "queued" && search.status !== "assigned" && (
        <Button size="compact-sm" variant="default" onClick={() => setAsking("requeue")}>
          Requeue dead letters of {these}
        </Button>
      )}
      {search.status !== "deadLettered" && (
        <Button size="compact-sm" variant="default" onClick={() => setAsking("cancel")}>
          Cancel queued and assigned ones of {these}
        </Button>
      )}
      {asking !== null && <Ask action={asking} filter={filter} onClose={() => setAsking(null)} onDone={onDone} />}
    </Group>
  );
}

interface AskProps {
  action: "requeue" | "cancel";
  filter: TaskFilter;
  onClose: () => void;
  onDone: () => void;
}

function Ask({ action, filter, onClose, onDone }: AskProps) {
  const queries = useQueryClient();
  const known = useQuery(concerned(filter, action === "requeue" ? DEAD : OPEN));
  const n = known.data === undefined ? "…" : `${known.data.andMore ? "More than " : ""}${count(known.data.tasks)}`;
  return (
    <ReasonModal
      opened
      onClose={onClose}
      onDone={onDone}
      title={action === "requeue" ? "Requeue dead letters" : "Cancel queued and assigned tasks"}
      confirm={action === "requeue" ? `Requeue ${n}` : `Cancel ${n}`}
      danger={action === "cancel"}
      reasonRequired
      done={action === "requeue" ? "They are requeued, some at a time." : "They are cancelled, some at a time."}
      action={async (reason) => {
        const body = { ...filter, reason };
        await (action === "requeue"
          ? call(api.POST("/api/v2/tasks/requeue", { body: body as RequeueTasksRequest }))
          : call(api.POST("/api/v2/tasks/cancel", { body: body as CancelTasksRequest })));
        await queries.invalidateQueries({ queryKey: ["tasks"] });
      }}
    >
      {known.isError ? (
        <ProblemAlert error={known.error} title="How many it concerns is not known" onRetry={() => void known.refetch()} />
      ) : (
        <Text size="sm" fw={600} role="status">
          {action === "requeue" ? "Dead letters" : "Queued and assigned tasks"} of {described(filter)}: {n}
        </Text>
      )}
      <Text size="sm" mt="xs">
        {action === "requeue"
          ? "Each gets new attempts. One whose experiment or deployment has moved on, so that its work would be wrong now, stays dead."
          : "An agent at work on one drops it at its next report. For an experiment a cancelled task is one that its host has given up."}
      </Text>
    </ReasonModal>
  );
}

function described(filter: TaskFilter): string {
  if (filter.ids !== undefined) return "the ticked ones";
  const parts = [
    filter.purpose !== undefined && `purpose “${purposeLabel(filter.purpose)}”`,
    filter.hostId !== undefined && `host ${filter.hostId}`,
    filter.experimentId !== undefined && `experiment ${filter.experimentId}`,
  ].filter((part) => part !== false);
  return parts.join(", ");
}
