import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call } from "~/api/client";
import type { EnrolmentTokenAnswer } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { EnrolCommand } from "./EnrolCommand";
import { apiUrlProblem, hostIdProblem, labelsProblem, pathProblem } from "./enrolCommand";
import { hostIfThere } from "./queries";

const LIFETIMES = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "24 hours" },
  { value: "168", label: "7 days" },
];

/** Issues a token, shows the command that enrols the host with it, and waits for the host to be heard. */
export function EnrolHost({ onClose }: { onClose: () => void }) {
  const form = useForm({
    initialValues: {
      hostId: "",
      apiUrl: window.location.origin,
      labels: "",
      agent: "/usr/lib/phoenix/phoenix-agent",
      collector: "",
      hours: "1",
    },
    validate: {
      hostId: hostIdProblem,
      apiUrl: apiUrlProblem,
      labels: labelsProblem,
      agent: pathProblem,
      collector: (v) => (v.trim() === "" ? null : pathProblem(v)),
    },
  });
  const issue = useMutation({
    mutationFn: async ({ hostId, hours }: typeof form.values) =>
      (await call(api.POST("/api/v2/enrolment-tokens", { body: { name: hostId, expiresInHours: Number(hours) } }))) as EnrolmentTokenAnswer,
    meta: { problemShown: true },
  });
  const [named] = useDebouncedValue(form.values.hostId, 300);
  const known = useQuery({ ...hostIfThere(named), enabled: issue.data === undefined && hostIdProblem(named) === null });

  return (
    <Modal opened onClose={onClose} title="Enrol a host" size="lg" closeOnClickOutside={false}>
      {issue.data === undefined ? (
        <form onSubmit={form.onSubmit((values) => issue.mutate(values))}>
          <Stack>
            <TextInput
              label="Host id"
              description="How the host is called here, mostly its name."
              data-autofocus
              withAsterisk
              {...form.getInputProps("hostId")}
            />
            {known.data != null && known.data.hostId === form.values.hostId && (
              <Alert color="yellow" title={`${known.data.hostId} is enrolled already`}>
                A second agent with this id would take its place only with a new enrolment, which{" "}
                <Link to="/fleet/$hostId" params={{ hostId: known.data.hostId }}>
                  the host's page
                </Link>{" "}
                allows.
              </Alert>
            )}
            <TextInput
              label="Address of the control plane"
              description="As the host reaches it."
              withAsterisk
              {...form.getInputProps("apiUrl")}
            />
            <TextInput
              label="Labels"
              description="That the host proposes for itself, as role=web,env=staging. Groups and selectors choose by them."
              {...form.getInputProps("labels")}
            />
            <TextInput label="Path of phoenix-agent" description="On the host." withAsterisk {...form.getInputProps("agent")} />
            <TextInput
              label="Path of phoenix-collector"
              description="Only where it does not lie beside the agent: one that is named here is not replaced by upgrades."
              {...form.getInputProps("collector")}
            />
            <Select
              label="The token is good for"
              description="Whoever has it can enrol hosts until then. It is needed for the first start only."
              data={LIFETIMES}
              allowDeselect={false}
              {...form.getInputProps("hours")}
            />
            {issue.isError && <ProblemAlert error={issue.error} title="No token was issued" />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={issue.isPending}>
                Issue a token
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack>
          <EnrolCommand enrolment={{ ...form.values, token: issue.data.token }} expiresAt={issue.data.expiresAt} />
          <Group justify="space-between">
            <Text size="sm" c="dimmed" maw={360}>
              The token is shown this once.
            </Text>
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
