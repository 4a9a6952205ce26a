import { Group, NumberInput, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, call } from "~/api/client";
import type { BackendView } from "~/api/schema";
import { FormModal } from "~/shared/forms/FormModal";

/** Lets Phoenix ask a metrics backend, or changes how. */
export function BackendModal({ backend, onClose }: { backend: BackendView | null; onClose: () => void }) {
  const form = useForm({
    initialValues: {
      name: backend?.name ?? "",
      url: backend?.url ?? "",
      tenant: backend?.tenant ?? "",
      authentication: backend?.authentication ?? ("none" as const),
      userName: backend?.userName ?? "",
      secret: "",
      certificateAuthority: backend?.certificateAuthority ?? "",
      clientCertificate: backend?.clientCertificate ?? "",
      clientKey: "",
      timeoutSeconds: backend?.timeoutSeconds ?? 10,
      hostLabel: backend?.hostLabel ?? "",
      reason: "",
    },
  });
  const save = ({ name, timeoutSeconds, authentication, ...texts }: typeof form.values) =>
    call(
      api.PUT("/api/v2/backends/{name}", {
        params: { path: { name: name.trim() } },
        body: {
          timeoutSeconds,
          authentication,
          url: texts.url.trim() || null,
          tenant: texts.tenant.trim() || null,
          userName: texts.userName.trim() || null,
          secret: texts.secret || null,
          certificateAuthority: texts.certificateAuthority.trim() || null,
          clientCertificate: texts.clientCertificate.trim() || null,
          clientKey: texts.clientKey.trim() || null,
          hostLabel: texts.hostLabel.trim() || null,
          reason: texts.reason.trim() || null,
        },
      }),
    );
  const signsIn = form.values.authentication;
  return (
    <FormModal
      title={backend === null ? "Add a backend" : `Change ${backend.name}`}
      size="lg"
      form={form}
      confirm="Save"
      done="Saved."
      save={save}
      onClose={onClose}
    >
      <TextInput label="Name" withAsterisk disabled={backend !== null} data-autofocus {...form.getInputProps("name")} />
      <TextInput label="Address" withAsterisk placeholder="https://mimir.example/prometheus" {...form.getInputProps("url")} />
      <TextInput label="Tenant" description="Sent as X-Scope-OrgID." {...form.getInputProps("tenant")} />
      <Select label="Signs in" allowDeselect={false} data={["none", "basic", "bearer"]} {...form.getInputProps("authentication")} />
      {signsIn === "basic" && <TextInput label="User" {...form.getInputProps("userName")} />}
      {signsIn !== "none" && (
        <PasswordInput
          label={signsIn === "basic" ? "Password" : "Token"}
          description={backend === null ? undefined : "Leave it empty to keep what there is."}
          autoComplete="off"
          {...form.getInputProps("secret")}
        />
      )}
      <Textarea
        label="Certificate authority (PEM)"
        description="Where the system's are not enough."
        autosize
        maxRows={6}
        {...form.getInputProps("certificateAuthority")}
      />
      <Textarea label="Client certificate (PEM)" autosize maxRows={6} {...form.getInputProps("clientCertificate")} />
      {form.values.clientCertificate !== "" && (
        <Textarea label="Its key (PEM)" description="Never shown again." autosize maxRows={6} {...form.getInputProps("clientKey")} />
      )}
      <Group grow align="flex-start">
        <NumberInput label="Time limit (s)" min={1} {...form.getInputProps("timeoutSeconds")} />
        <TextInput label="Label of the host" placeholder="host_name" {...form.getInputProps("hostLabel")} />
      </Group>
    </FormModal>
  );
}
