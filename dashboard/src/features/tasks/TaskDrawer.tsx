import { Button, Code, Drawer, Group, Stack, Text, Timeline, Title } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { TaskView } from "~/api/schema";
import { Actor } from "~/shared/components/Actor";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { TimeText } from "~/shared/components/TimeText";
import { counted } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { purposeLabel } from "~/shared/tasks/words";
import { ExperimentLink, HostLink } from "./Names";
import { task as taskQuery } from "./queries";
import { StatusBadge } from "./taskColumns";
import { taskStep } from "./taskEvents";

/** A task with everything that happened to it. */
export function TaskDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(taskQuery(id));
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title="Task">
      <QueryView query={query}>{(view) => <Detail view={view} />}</QueryView>
    </Drawer>
  );
}

function Detail({ view: { task, events } }: { view: TaskView }) {
  const mayChange = useMay("operator");
  const state = String(task.state);
  return (
    <Stack>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={2}>{purposeLabel(String(task.purpose))}</Title>
          <StatusBadge status={state} />
        </Group>
        {mayChange && (state === "deadLettered" || state === "queued" || state === "assigned") && (
          <Action id={task.id} action={state === "deadLettered" ? "requeue" : "cancel"} />
        )}
      </Group>
      <Group gap="lg">
        <Text size="sm" component="span">
          Host <HostLink hostId={task.hostId} />
        </Text>
        <Text size="sm" component="span">
          Experiment <ExperimentLink id={task.experimentId} />
        </Text>
        {task.desired.deploymentId && (
          <PageLink fz="sm" to="/deployments/$id" params={{ id: task.desired.deploymentId }}>
            Of a deployment
          </PageLink>
        )}
      </Group>
      <Text size="sm">
        {counted(task.attempt, "attempt")}
        {task.lastError ? `; last error: ${task.lastError}` : ""}
      </Text>
      <Timeline bulletSize={20} lineWidth={2} active={events.length}>
        {events.map((event) => {
          const step = taskStep(event.type, event.data);
          return (
            <Timeline.Item
              key={event.version}
              title={step.title}
              color={step.bad ? "red" : "gray"}
              bullet={step.bad ? <IconAlertTriangle size={12} aria-label="Went wrong" /> : <IconCheck size={12} aria-hidden />}
            >
              {step.detail !== null && (
                <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                  {step.detail}
                </Text>
              )}
              {step.logTail.length > 0 && (
                <Code block tabIndex={0} mah={200} style={{ overflow: "auto" }} aria-label="Last log lines">
                  {step.logTail.join("\n")}
                </Code>
              )}
              <Text size="xs" c="dimmed">
                <TimeText at={event.timestamp} /> · <Actor actor={event.actor} />
                {event.reason ? ` · ${event.reason}` : ""}
              </Text>
            </Timeline.Item>
          );
        })}
      </Timeline>
      <Text size="xs" c="dimmed">
        Task <Code>{task.id}</Code>
      </Text>
    </Stack>
  );
}

function Action({ id, action }: { id: string; action: "requeue" | "cancel" }) {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const path = { params: { path: { id } } };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {action === "requeue" ? "Requeue" : "Cancel the task"}
      </Button>
      <ReasonModal
        opened={asking}
        onClose={() => setAsking(false)}
        title={action === "requeue" ? "Requeue this task" : "Cancel this task"}
        confirm={action === "requeue" ? "Requeue" : "Cancel the task"}
        danger={action === "cancel"}
        done={action === "requeue" ? "The task is queued again." : "The task is cancelled."}
        action={async (reason) => {
          await (action === "requeue"
            ? call(api.POST("/api/v2/tasks/{id}/requeue", { ...path, body: { reason } }))
            : call(api.POST("/api/v2/tasks/{id}/cancel", { ...path, body: { reason } })));
          await queries.invalidateQueries({ queryKey: ["tasks"] });
        }}
      >
        {action === "requeue"
          ? "It gets new attempts. If its experiment or deployment has moved on, so that its work would be wrong now, this is refused."
          : "An agent at work on it drops it at its next report. For an experiment it is a task that its host has given up."}
      </ReasonModal>
    </>
  );
}
