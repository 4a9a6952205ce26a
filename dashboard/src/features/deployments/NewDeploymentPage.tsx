import { Alert, Button, Card, Grid, Group, Select, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconSnowflake } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { DeploymentAccepted } from "~/api/schema";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { TimeText } from "~/shared/components/TimeText";
import { changePolicy } from "~/shared/deployments/queries";
import { refusedField } from "~/shared/forms/refusedField";
import { TargetInput } from "~/shared/hosts/TargetInput";
import { targetOf, targetProblem } from "~/shared/hosts/target";
import { pipelines } from "~/shared/pipelines/queries";
import { GateInputs, WaveInputs } from "~/shared/rollout/RolloutInputs";
import { fieldOf, notATime } from "~/shared/rollout/rollout";
import { NotYourRole } from "~/shared/session/NotYourRole";
import { useMay } from "~/shared/session/session";
import { DEFAULTS, type PlanValues, requestOf } from "./plan";

const route = getRouteApi("/_app/deployments/new");

/** Asks for a published version to become the production of hosts, in waves. */
export function NewDeploymentPage() {
  return useMay("operator") ? <NewDeployment /> : <NotYourRole page="New deployment" does="deploy" />;
}

function NewDeployment() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const isAdmin = useMay("admin");
  const policy = useQuery(changePolicy).data;
  const known = useQuery(pipelines()).data?.items ?? [];
  const [target, setTarget] = useState(() => targetOf(search));
  const form = useForm<PlanValues>({
    initialValues: { ...DEFAULTS, pipeline: search.pipeline ?? "", version: search.version === undefined ? "" : String(search.version) },
    validate: { soak: notATime, patience: notATime },
  });
  const chosen = known.find((p) => p.id === form.values.pipeline);
  const ask = useMutation({
    mutationFn: async (values: PlanValues) =>
      (await call(api.POST("/api/v2/deployments", { body: requestOf(values, target) }))) as DeploymentAccepted,
    meta: { problemShown: true },
    onError: (error) => {
      const field = error instanceof ApiError ? fieldOf(error.field) : null;
      if (field !== null) form.setFieldError(field, error.message);
    },
    onSuccess: async ({ id, waves, needsApproval }) => {
      await queries.invalidateQueries({ queryKey: ["deployments"] });
      showDone(
        needsApproval
          ? "It awaits approval by another person."
          : `It begins, in ${waves.length === 1 ? "one wave" : `${waves.length} waves`}.`,
      );
      void navigate({ to: "/deployments/$id", params: { id } });
    },
  });
  const refused = (...fields: string[]) => refusedField(ask.error, ...fields);
  const missing = targetProblem(target);
  return (
    <>
      <PageHeader
        title="New deployment"
        description="A published version becomes the production of its hosts in waves; what each wave's hosts report decides whether the next one begins."
      />
      {policy?.frozen && (
        <Alert color="blue" icon={<IconSnowflake />} title={`Change freeze: ${policy.frozen.name}`} mb="md">
          Until <TimeText at={policy.frozen.until} /> nothing new begins
          {isAdmin ? ", unless you go over the freeze below, with a reason." : ". An admin may go over it with a reason."}
        </Alert>
      )}
      <form onSubmit={form.onSubmit((v) => ask.mutate(v))}>
        <Grid>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack>
              <Card>
                <Title order={2} mb="sm">
                  What, and where
                </Title>
                <Stack gap="sm">
                  <Select
                    label="Pipeline"
                    withAsterisk
                    searchable
                    data={known.filter((p) => !p.deprecated || p.id === search.pipeline).map((p) => ({ value: p.id, label: p.name }))}
                    value={form.values.pipeline === "" ? null : form.values.pipeline}
                    onChange={(id) =>
                      form.setValues({ pipeline: id ?? "", version: String(known.find((p) => p.id === id)?.latestVersion ?? "") })
                    }
                    error={refused("pipeline")}
                  />
                  <Select
                    label="Version"
                    withAsterisk
                    disabled={chosen === undefined}
                    data={(chosen?.versions ?? []).toReversed().map((v) => ({ value: String(v.version), label: `v${v.version}` }))}
                    value={form.values.version === "" ? null : form.values.version}
                    onChange={(v) => form.setFieldValue("version", v ?? "")}
                  />
                  <TargetInput value={target} onChange={setTarget} error={refused("hosts", "group", "selector")} />
                </Stack>
              </Card>
              <Card>
                <Title order={2} mb="sm">
                  Why
                </Title>
                <Stack gap="sm">
                  <TextInput
                    label="Ticket"
                    description="Where the change was asked for, as a link or a number."
                    withAsterisk={policy?.ticketRequired}
                    {...form.getInputProps("ticket")}
                  />
                  {isAdmin && policy?.frozen && (
                    <Switch label="Go over the change freeze" {...form.getInputProps("overrideFreeze", { type: "checkbox" })} />
                  )}
                  <Textarea
                    label="Reason"
                    description="Stands in the audit log."
                    autosize
                    withAsterisk={form.values.overrideFreeze}
                    {...form.getInputProps("reason")}
                  />
                </Stack>
              </Card>
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack>
              <Card>
                <Title order={2} mb="sm">
                  Waves
                </Title>
                <WaveInputs form={form} />
              </Card>
              <Card>
                <Title order={2} mb="sm">
                  Gate
                </Title>
                <GateInputs form={form} />
              </Card>
            </Stack>
          </Grid.Col>
        </Grid>
        <Stack mt="md">
          {ask.isError && <ProblemAlert error={ask.error} title="It was not begun" />}
          <Group justify="flex-end">
            {missing !== null && (
              <Text size="sm" c="dimmed">
                {missing}
              </Text>
            )}
            <Button type="submit" loading={ask.isPending} disabled={form.values.pipeline === "" || missing !== null}>
              {policy?.approvalRequired ? "Ask for approval" : "Deploy"}
            </Button>
          </Group>
        </Stack>
      </form>
    </>
  );
}
