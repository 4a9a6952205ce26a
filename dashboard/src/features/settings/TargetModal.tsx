import { MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { NotificationTargetView } from "~/api/schema";
import { FormModal } from "~/shared/forms/FormModal";
import { notificationKinds } from "./queries";

/** Has somebody told of events, or changes of which and where. */
export function TargetModal({
  target,
  onClose,
  onSaved,
}: {
  target: NotificationTargetView | null;
  onClose: () => void;
  onSaved: (view: NotificationTargetView) => void;
}) {
  const kinds = useQuery(notificationKinds).data ?? [];
  const groups = [...new Set(kinds.map((k) => `${k.split(".")[0]}.*`))];
  const form = useForm({
    initialValues: {
      name: target?.name ?? "",
      channel: target?.channel ?? ("webhook" as const),
      url: "",
      kinds: target?.kinds ?? (["experiment.verdict", "experiment.guardrail-breached", "deployment.held", "budget.*"] as string[]),
      subject: target?.subject ?? "",
      enabled: target?.enabled ?? true,
      reason: "",
    },
  });
  const save = (v: typeof form.values) =>
    call(
      api.PUT("/api/v2/notification-targets/{name}", {
        params: { path: { name: v.name.trim() } },
        body: {
          channel: v.channel,
          url: v.url.trim() || null,
          kinds: v.kinds,
          subject: v.subject.trim() || null,
          enabled: v.enabled,
          reason: v.reason.trim() || null,
        },
      }),
    );
  return (
    <FormModal
      title={target === null ? "Add a target" : `Change ${target.name}`}
      form={form}
      confirm="Save"
      done="Saved."
      save={save}
      onSaved={onSaved}
      onClose={onClose}
    >
      <TextInput label="Name" withAsterisk disabled={target !== null} data-autofocus {...form.getInputProps("name")} />
      <Select
        label="Channel"
        allowDeselect={false}
        data={[
          { value: "webhook", label: "Webhook (signed)" },
          { value: "slack", label: "Slack-compatible" },
        ]}
        {...form.getInputProps("channel")}
      />
      <TextInput
        label="Address"
        description={target === null ? "Kept as a secret." : `Leave it empty to keep that at ${target.origin}.`}
        withAsterisk={target === null}
        autoComplete="off"
        {...form.getInputProps("url")}
      />
      <MultiSelect label="Of what" searchable data={[...groups, ...kinds]} {...form.getInputProps("kinds")} />
      <TextInput label="Only of subjects called" placeholder="checkout-*" {...form.getInputProps("subject")} />
      <Switch label="On" {...form.getInputProps("enabled", { type: "checkbox" })} />
    </FormModal>
  );
}
