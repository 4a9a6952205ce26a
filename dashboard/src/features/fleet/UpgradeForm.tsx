import { Button, Group, Modal, NumberInput, Radio, Select, SimpleGrid, Stack, TagsInput, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { UpgradeAccepted, UpgradeRequest } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { count } from "~/shared/format/numbers";
import { refusedField } from "~/shared/forms/refusedField";
import { groups } from "~/shared/hosts/queries";
import { TargetInput } from "~/shared/hosts/TargetInput";
import { NO_TARGET, type Target, targetBody, targetProblem } from "~/shared/hosts/target";
import { releases } from "./queries";

const FIELDS = [
  "release",
  "hosts",
  "selector",
  "stages",
  "soakSeconds",
  "confirmSeconds",
  "patienceSeconds",
  "maxFailures",
  "maxFailuresPct",
];

/** Asks for a staged upgrade. */
export function UpgradeForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const versions = [...new Set((useQuery(releases).data?.items ?? []).map((r) => r.version))];
  const known = useQuery(groups).data ?? [];
  const [target, setTarget] = useState<Target>(NO_TARGET);
  const form = useForm({
    initialValues: {
      release: "",
      all: "all",
      stages: ["1", "5%", "25%", "100%"],
      soakSeconds: 600,
      confirmSeconds: 120,
      patienceSeconds: 900,
      maxFailures: 0,
      onFailure: "hold",
      reason: "",
    },
    validate: {
      release: (v) => (v === "" ? "Choose a version." : null),
      reason: (v) => (v.trim() === "" ? "Say why: it stands in the audit log." : v.length > 500 ? "At most 500 characters." : null),
    },
  });
  const request = useMutation({
    mutationFn: async ({ all, onFailure, ...rest }: typeof form.values) => {
      // An upgrade takes hosts or labels: a group stands for its selector.
      const { group, ...named } = targetBody(target);
      const chosen = group === undefined ? named : { selector: known.find((g) => g.name === group)?.selector };
      const body = {
        ...rest,
        ...(all === "all" ? { allHosts: true } : chosen),
        onFailure,
      };
      return (await call(api.POST("/api/v2/upgrades", { body: body as UpgradeRequest }))) as UpgradeAccepted;
    },
    meta: { problemShown: true },
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["upgrades"] });
      showDone(`${count(made.hosts)} hosts are upgraded to ${made.release} in ${made.stages.length} stages.`);
      onClose();
    },
  });
  const field = (name: string) => form.errors[name] ?? refusedField(request.error, name);
  const whole = (name: "soakSeconds" | "confirmSeconds" | "patienceSeconds" | "maxFailures", label: string, description: string) => (
    <NumberInput label={label} description={description} min={0} allowDecimal={false} {...form.getInputProps(name)} error={field(name)} />
  );

  return (
    <Modal opened onClose={onClose} title="Upgrade agents" size="lg">
      <form
        onSubmit={form.onSubmit((values) => {
          if (values.all === "all" || targetProblem(target) === null) request.mutate(values);
        })}
      >
        <Stack>
          <Select label="Version" withAsterisk data={versions} {...form.getInputProps("release")} error={field("release")} />
          <Radio.Group label="Hosts" {...form.getInputProps("all")}>
            <Group mt={4}>
              <Radio value="all" label="All that do not run this version" />
              <Radio value="some" label="Some" />
            </Group>
          </Radio.Group>
          {form.values.all === "some" && (
            <TargetInput
              value={target}
              onChange={setTarget}
              error={refusedField(request.error, "hosts", "selector") ?? targetProblem(target)}
            />
          )}
          <TagsInput
            label="Stages"
            description="With how many hosts each stage ends: a number, or a share such as 25%. The last one is 100%."
            {...form.getInputProps("stages")}
            error={field("stages")}
          />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            {whole("soakSeconds", "Soak time (seconds)", "How long a stage must be well before the next begins.")}
            {whole("confirmSeconds", "Proof (seconds)", "How long a new version has on a host to prove itself.")}
            {whole("patienceSeconds", "Patience (seconds)", "How long a stage waits for hosts that do not call in.")}
            {whole("maxFailures", "Failures allowed", "More of them hold the upgrade or roll it back.")}
          </SimpleGrid>
          <Select
            label="With more failures"
            allowDeselect={false}
            data={[
              { value: "hold", label: "Hold it" },
              { value: "rollBack", label: "Return every host that was asked" },
            ]}
            {...form.getInputProps("onFailure")}
          />
          <Textarea
            label="Reason"
            description="Stands in the audit log."
            withAsterisk
            autosize
            minRows={2}
            {...form.getInputProps("reason")}
          />
          {request.isError && refusedField(request.error, ...FIELDS) === null && (
            <ProblemAlert error={request.error} title="This was not done" />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={request.isPending}>
              Begin the upgrade
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
