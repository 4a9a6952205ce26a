import { Accordion, Alert, Button, Group, List, Modal, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "~/api/client";
import type { ExperimentView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { TimeText } from "~/shared/components/TimeText";
import { changePolicy } from "~/shared/deployments/queries";
import { count } from "~/shared/format/numbers";
import { GateInputs, WaveInputs } from "~/shared/rollout/RolloutInputs";
import { DEFAULTS, fieldOf, notATime, rolloutOf } from "~/shared/rollout/rollout";
import { useMay } from "~/shared/session/session";
import { promote } from "./commands";

/** Makes the candidate's pipeline production, in waves; over the verdict too, by an admin who says why. */
export function PromoteModal({ x, force, opened, onClose }: { x: ExperimentView; force: boolean; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const policy = useQuery({ ...changePolicy, enabled: opened }).data;
  const mayOverride = useMay("admin");
  const frozen = policy?.frozen ?? null;
  const form = useForm({
    initialValues: { ...DEFAULTS, ticket: "", overrideFreeze: false, reason: "" },
    validate: {
      soak: notATime,
      patience: notATime,
      ticket: (v) => (policy?.ticketRequired === true && v.trim() === "" ? "Every change needs a ticket." : null),
      reason: (v, all) =>
        (force || all.overrideFreeze) && v.trim() === ""
          ? "Say why: it stands in the audit log."
          : v.length > 500
            ? "At most 500 characters."
            : null,
    },
  });
  const run = useMutation({
    mutationFn: (v: typeof form.values) =>
      promote(x.id, { rollout: rolloutOf(v), ticket: v.ticket, force, overrideFreeze: v.overrideFreeze, reason: v.reason }),
    meta: { problemShown: true },
    onError: (error) => {
      const field = error instanceof ApiError ? fieldOf(error.field) : null;
      if (field !== null) form.setFieldError(field, error.message);
    },
    onSuccess: async () => {
      showDone(policy?.approvalRequired ? "The promotion was asked for. Another person has to approve it." : "The promotion has begun.");
      onClose();
      await queries.invalidateQueries({ queryKey: ["experiments"] });
      await queries.invalidateQueries({ queryKey: ["deployments"] });
    },
  });

  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={force ? "Promote against the verdict" : "Promote the candidate"}>
      <form onSubmit={form.onSubmit((v) => run.mutate(v))}>
        <Stack>
          <Text size="sm">
            {x.candidate.name} version {x.candidate.version} becomes the production pipeline of {count(x.hosts.length)}{" "}
            {x.hosts.length === 1 ? "host" : "hosts"}, in waves that are each judged by what is measured. It can be rolled back.
          </Text>
          {force && (
            <Alert
              color="red"
              icon={<IconAlertTriangle />}
              title={x.verdict === null ? "There is no verdict" : `The verdict is ${x.verdict.outcome}`}
            >
              <List size="sm">
                {(x.verdict?.reasons ?? []).map((r) => (
                  <List.Item key={String(r)}>{String(r)}</List.Item>
                ))}
              </List>
              <Text size="sm">The audit log will say what was gone over, and by whom.</Text>
            </Alert>
          )}
          {frozen !== null && (
            <Alert color="yellow" title={`A change freeze is in force: ${frozen.name}`}>
              Until <TimeText at={frozen.until} />. What is asked for now is refused, unless an admin goes over the freeze.
            </Alert>
          )}
          {policy?.approvalRequired && <Text size="sm">Another person has to approve it before it begins.</Text>}
          <Accordion variant="separated" chevronPosition="left">
            <Accordion.Item value="rollout">
              <Accordion.Control>Waves and limits</Accordion.Control>
              <Accordion.Panel>
                <WaveInputs form={form} />
              </Accordion.Panel>
            </Accordion.Item>
            <Accordion.Item value="gate">
              <Accordion.Control>Gate after each wave</Accordion.Control>
              <Accordion.Panel>
                <GateInputs form={form} predicted />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
          <TextInput
            label="Ticket"
            description="Where the change was asked for, as a link or a number."
            withAsterisk={policy?.ticketRequired === true}
            {...form.getInputProps("ticket")}
          />
          {frozen !== null && mayOverride && (
            <Switch label="Go over the freeze, in every wave" {...form.getInputProps("overrideFreeze", { type: "checkbox" })} />
          )}
          <Textarea
            label="Reason"
            description="Stands in the audit log."
            autosize
            minRows={2}
            withAsterisk={force || form.values.overrideFreeze}
            data-autofocus
            {...form.getInputProps("reason")}
          />
          {run.isError && <ProblemAlert error={run.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color={force ? "red" : undefined} loading={run.isPending}>
              {force ? "Promote against the verdict" : "Promote"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
