import { Button, Group, Modal, Stack, Switch, Textarea, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, call } from "~/api/client";
import type { ChangePolicyView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { usePreferences } from "~/shared/session/preferences";
import { FreezeFields } from "./FreezeFields";
import { type FreezeValues, fromFreeze, newFreeze, toFreeze } from "./freezes";

interface Values {
  approvalRequired: boolean;
  ticketRequired: boolean;
  mendDrift: boolean;
  freezes: FreezeValues[];
  reason: string;
}

/** Sets the policy in full. */
export function PolicyModal({ policy, onClose }: { policy: ChangePolicyView; onClose: () => void }) {
  const queries = useQueryClient();
  const { timeZone } = usePreferences();
  const zone = timeZone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : timeZone;
  const form = useForm<Values>({
    initialValues: {
      approvalRequired: policy.approvalRequired,
      ticketRequired: policy.ticketRequired,
      mendDrift: policy.mendDrift,
      freezes: policy.freezes.map((f) => fromFreeze(f, zone)),
      reason: "",
    },
  });
  const save = useMutation({
    mutationFn: (v: Values) =>
      call(
        api.PUT("/api/v2/change-policy", {
          body: { ...v, freezes: v.freezes.map(toFreeze), reason: v.reason.trim() === "" ? null : v.reason.trim() },
        }),
      ),
    meta: { problemShown: true },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["change-policy"] });
      showDone("The change policy is set.");
      onClose();
    },
    onError: (error) => {
      // `freezes[1].weekly.hours` names the input as the form does: `freezes.1.hours`.
      const field = error instanceof ApiError ? /^freezes\[(\d+)\](?:\.weekly)?\.(\w+)$/.exec(error.field ?? "") : null;
      if (field !== null && error instanceof ApiError) form.setFieldError(`freezes.${field[1]}.${field[2]}`, error.detail);
    },
  });
  return (
    <Modal opened onClose={onClose} title="Change policy" size="lg">
      <form onSubmit={form.onSubmit((v) => save.mutate(v))}>
        <Stack>
          <Switch
            label="A second person approves every promotion and deployment"
            {...form.getInputProps("approvalRequired", { type: "checkbox" })}
          />
          <Switch
            label="Every change says where it was asked for, by a ticket"
            {...form.getInputProps("ticketRequired", { type: "checkbox" })}
          />
          <Switch label="Drift is put back by itself" {...form.getInputProps("mendDrift", { type: "checkbox" })} />
          <Title order={3}>Change freezes</Title>
          {form.values.freezes.map((_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: freezes have no name of their own while they are written.
            <FreezeFields key={i} form={form} index={i} />
          ))}
          <Group>
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => form.insertListItem("freezes", newFreeze(zone))}>
              Add a freeze
            </Button>
          </Group>
          <Textarea label="Reason" description="Stands in the audit log." autosize {...form.getInputProps("reason")} />
          {save.isError && <ProblemAlert error={save.error} title="It was not set" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Set it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
