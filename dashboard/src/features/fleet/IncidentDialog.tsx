import { Alert, Button, Group, List, Modal, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { IncidentAccepted, IncidentRequest } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { refusedField } from "~/shared/forms/refusedField";
import { TargetInput } from "~/shared/hosts/TargetInput";
import { type Target, targetBody, targetProblem } from "~/shared/hosts/target";

const LEFT: Record<string, string> = {
  unknown: "is not enrolled",
  busy: "an experiment or a deployment has it, or its order to return is still open",
  held: "drained or decommissioned",
  "nothing-runs": "runs no pipeline that was published here",
};

/** Brings full detail back on hosts for some minutes. */
export function IncidentDialog({ chosen, onClose, onDeclared }: { chosen: Target; onClose: () => void; onDeclared: () => void }) {
  const queries = useQueryClient();
  const [target, setTarget] = useState(chosen);
  const [tried, setTried] = useState(false);
  const form = useForm({
    initialValues: { minutes: 60 as number | string, ticket: "", reason: "" },
    validate: {
      minutes: (v) => (typeof v === "number" && v >= 1 && v <= 1440 ? null : "1 to 1,440 minutes."),
      reason: (v) => (v.trim() === "" ? "Say why: it stands in the audit log." : v.length > 500 ? "At most 500 characters." : null),
    },
  });
  const declare = useMutation({
    mutationFn: async ({ minutes, ticket, reason }: typeof form.values) =>
      (await call(
        api.POST("/api/v2/incidents", {
          body: { ...targetBody(target), minutes: Number(minutes), ...(ticket.trim() === "" ? {} : { ticket }), reason } as IncidentRequest,
        }),
      )) as IncidentAccepted,
    meta: { problemShown: true },
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["deployments"] }),
  });

  return (
    <Modal opened onClose={declare.data === undefined ? onClose : onDeclared} title="Full detail for an incident" size="lg">
      {declare.data !== undefined ? (
        <Declared accepted={declare.data} onClose={onDeclared} />
      ) : (
        <form
          onSubmit={(event) => {
            setTried(true);
            event.preventDefault();
            if (targetProblem(target) === null) form.onSubmit((values) => declare.mutate(values))();
          }}
        >
          <Stack>
            <Text size="sm">
              Each host runs its pipeline without its reducers from its next poll on, and returns to it by itself when the time is over,
              also if the control plane is away then. Meanwhile it sends, and costs, all that it would without Phoenix. Neither approval nor
              a change freeze holds it.
            </Text>
            <TargetInput
              value={target}
              onChange={setTarget}
              error={refusedField(declare.error, "hosts", "group", "selector") ?? (tried ? targetProblem(target) : null)}
            />
            <NumberInput
              label="Minutes"
              min={1}
              max={1440}
              withAsterisk
              {...form.getInputProps("minutes")}
              error={form.errors.minutes ?? refusedField(declare.error, "minutes")}
            />
            <TextInput
              label="Ticket"
              description="A link or a number of the incident."
              {...form.getInputProps("ticket")}
              error={refusedField(declare.error, "ticket")}
            />
            <Textarea
              label="Reason"
              description="Stands in the audit log."
              withAsterisk
              autosize
              minRows={2}
              {...form.getInputProps("reason")}
            />
            {declare.isError && refusedField(declare.error, "hosts", "group", "selector", "minutes", "ticket") === null && (
              <ProblemAlert error={declare.error} title="This was not done" />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" color="red" loading={declare.isPending}>
                Declare the incident
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

/** What the control plane made of it, host by host where one stays as it is. */
function Declared({ accepted, onClose }: { accepted: IncidentAccepted; onClose: () => void }) {
  return (
    <Stack>
      {accepted.deployments.length > 0 ? (
        <Alert
          color="teal"
          title={`${count(accepted.hosts)} ${accepted.hosts === 1 ? "host gets its" : "hosts get their"} full detail back`}
        >
          Until <TimeText at={accepted.until} />. The tab "Incidents" shows it and ends it before.
        </Alert>
      ) : (
        <Alert color="yellow" title="Nothing has changed">
          None of these hosts has detail to get back. Why is below.
        </Alert>
      )}
      {accepted.alreadyFull.length > 0 && (
        <Text size="sm">
          {count(accepted.alreadyFull.length)} {accepted.alreadyFull.length === 1 ? "runs" : "run"} a pipeline that folds nothing:{" "}
          {accepted.alreadyFull.slice(0, 20).join(", ")}
          {accepted.alreadyFull.length > 20 && " …"}
        </Text>
      )}
      {accepted.left.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {count(accepted.left.length)} stay as they are
          </Text>
          <List size="sm" mah={240} style={{ overflowY: "auto" }}>
            {accepted.left.map((left) => (
              <List.Item key={left.hostId}>
                <PageLink fz="sm" to="/fleet/$hostId" params={{ hostId: left.hostId }}>
                  {left.hostId}
                </PageLink>
                : {LEFT[left.reason] ?? left.reason}
              </List.Item>
            ))}
          </List>
        </div>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  );
}
