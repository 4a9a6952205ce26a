import { ActionIcon, Button, Group, Menu, Modal, NumberInput, PasswordInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconDatabase, IconDots, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { BackendView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { showDone, showProblem } from "~/shared/components/showProblem";
import { duration } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { backends } from "./queries";

const column = createColumnHelper<BackendView>();

/** Prometheus-compatible servers that can be asked what really arrived. */
export function BackendsTab() {
  const [mayOperate, mayAdmin] = [useMay("operator"), useMay("admin")];
  const [editing, setEditing] = useState<BackendView | "new" | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const test = useMutation({
    mutationFn: (name: string) => call(api.POST("/api/v2/backends/{name}/test", { params: { path: { name } } })),
    onSuccess: (r) =>
      r.reachable
        ? showDone(`${r.kind} ${r.version ?? ""} answered within ${duration((r.milliseconds ?? 0) / 1000)}.`)
        : showProblem(new Error(r.error ?? "No answer."), "It could not be asked"),
  });
  const columns = useMemo(
    () => [
      column.accessor("name", { header: "Name" }),
      column.accessor("url", { header: "Address" }),
      column.accessor("tenant", { header: "Tenant" }),
      column.accessor("authentication", { header: "Signs in" }),
      column.accessor("hostLabel", { header: "Label of the host" }),
      ...(mayOperate
        ? [
            column.display({
              id: "actions",
              header: () => <span>Actions</span>,
              cell: (c) => (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon variant="subtle" aria-label={`Actions for ${c.row.original.name}`}>
                      <IconDots size={16} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => test.mutate(c.row.original.name)}>Test</Menu.Item>
                    {mayAdmin && <Menu.Item onClick={() => setEditing(c.row.original)}>Change</Menu.Item>}
                    {mayAdmin && (
                      <Menu.Item color="red" onClick={() => setRemoving(c.row.original.name)}>
                        Remove
                      </Menu.Item>
                    )}
                  </Menu.Dropdown>
                </Menu>
              ),
            }),
          ]
        : []),
    ],
    [mayOperate, mayAdmin, test.mutate],
  );
  return (
    <Stack>
      {mayAdmin && (
        <Group justify="flex-end">
          <Button leftSection={<IconPlus size={16} />} onClick={() => setEditing("new")}>
            Add a backend
          </Button>
        </Group>
      )}
      <QueryView query={useQuery(backends)}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<IconDatabase />} title="No backend can be asked yet">
              With a Prometheus-compatible server that stores your metrics, what Phoenix counts can be held against what really arrived.
            </EmptyState>
          ) : (
            <DataTable label="Metrics backends" rows={all} columns={columns} rowId={(b) => b.name} minWidth={760} />
          )
        }
      </QueryView>
      {editing !== null && <BackendModal backend={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      <ReasonModal
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing ?? ""}`}
        confirm="Remove"
        danger
        done="It is asked no more."
        action={(reason) => call(api.DELETE("/api/v2/backends/{name}", { params: { path: { name: removing ?? "" }, query: { reason } } }))}
      />
    </Stack>
  );
}

function BackendModal({ backend, onClose }: { backend: BackendView | null; onClose: () => void }) {
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
  const save = useMutation({
    mutationFn: ({ name, timeoutSeconds, authentication, ...texts }: typeof form.values) =>
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
      ),
    meta: { problemShown: true },
    onSuccess: () => {
      showDone("Saved.");
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field !== null && error.field in form.values) form.setFieldError(error.field, error.detail);
    },
  });
  const signsIn = form.values.authentication;
  return (
    <Modal opened onClose={onClose} title={backend === null ? "Add a backend" : `Change ${backend.name}`} size="lg">
      <form onSubmit={form.onSubmit((v) => save.mutate(v))}>
        <Stack>
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
          <TextInput label="Reason" description="Stands in the audit log." {...form.getInputProps("reason")} />
          {save.isError && <ProblemAlert error={save.error} title="This was not saved" />}
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
