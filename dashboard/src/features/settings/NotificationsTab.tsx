import { Badge, Button, Group, Menu, Stack } from "@mantine/core";
import { IconBell, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useCallback, useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { NotificationTargetView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { RowMenu } from "~/shared/components/RowMenu";
import { showDone, showProblem } from "~/shared/components/showProblem";
import { duration } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { DeliveriesDrawer } from "./DeliveriesDrawer";
import { targets } from "./queries";
import { SecretOnce } from "./SecretOnce";
import { TargetModal } from "./TargetModal";

const route = getRouteApi("/_app/settings");

const column = createColumnHelper<NotificationTargetView>();

/** Who outside is told of what happens. */
export function NotificationsTab() {
  const mayAdmin = useMay("admin");
  const [editing, setEditing] = useState<NotificationTargetView | "new" | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const [rotating, setRotating] = useState<string | null>(null);
  const { deliveries } = route.useSearch();
  const navigate = route.useNavigate();
  const look = useCallback(
    (name: string | undefined) => void navigate({ search: (s) => ({ ...s, deliveries: name }), replace: true, resetScroll: false }),
    [navigate],
  );
  const [secret, setSecret] = useState<{ name: string; secret: string } | null>(null);
  const query = useQuery(targets);
  const test = useMutation({
    mutationFn: (name: string) => call(api.POST("/api/v2/notification-targets/{name}/test", { params: { path: { name } } })),
    onSuccess: (r) =>
      r.delivered
        ? showDone(`Delivered within ${duration(r.milliseconds / 1000)}.`)
        : showProblem(new Error(r.error ?? "It was not delivered."), "The test was not delivered"),
  });
  const tell = (view: NotificationTargetView) => {
    if (view.secret) setSecret({ name: view.name, secret: view.secret });
  };
  const columns = useMemo(
    () => [
      column.accessor("name", { header: "Name" }),
      column.accessor("channel", { header: "Channel" }),
      column.accessor("origin", { header: "Where" }),
      column.accessor((t) => t.kinds.join(", "), { id: "kinds", header: "Of what" }),
      column.accessor("subject", { header: "Only subjects" }),
      column.accessor("enabled", {
        header: "State",
        cell: (c) => (
          <Badge variant="light" color={c.getValue() ? "teal" : "gray"}>
            {c.getValue() ? "On" : "Off"}
          </Badge>
        ),
      }),
      column.display({
        id: "actions",
        header: () => <span>Actions</span>,
        cell: (c) => (
          <RowMenu of={c.row.original.name}>
            <Menu.Item onClick={() => look(c.row.original.name)}>Deliveries</Menu.Item>
            {mayAdmin && <Menu.Item onClick={() => test.mutate(c.row.original.name)}>Send a test</Menu.Item>}
            {mayAdmin && <Menu.Item onClick={() => setEditing(c.row.original)}>Change</Menu.Item>}
            {mayAdmin && c.row.original.channel === "webhook" && (
              <Menu.Item onClick={() => setRotating(c.row.original.name)}>New secret</Menu.Item>
            )}
            {mayAdmin && (
              <Menu.Item color="red" onClick={() => setRemoving(c.row.original.name)}>
                Remove
              </Menu.Item>
            )}
          </RowMenu>
        ),
      }),
    ],
    [mayAdmin, test.mutate, look],
  );

  return (
    <Stack>
      {mayAdmin && (
        <Group justify="flex-end">
          <Button leftSection={<IconPlus size={16} />} onClick={() => setEditing("new")}>
            Add a target
          </Button>
        </Group>
      )}
      {secret !== null && (
        <SecretOnce secret={secret.secret}>{secret.name} checks the signature of what it is told with this secret.</SecretOnce>
      )}
      <QueryView query={query}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<IconBell />} title="Nobody is told yet">
              A webhook or a Slack channel can be told of verdicts, guardrails, held deployments, lost hosts and budgets.
            </EmptyState>
          ) : (
            <DataTable label="Notification targets" rows={all} columns={columns} rowId={(t) => t.name} minWidth={860} />
          )
        }
      </QueryView>
      {editing !== null && <TargetModal target={editing === "new" ? null : editing} onClose={() => setEditing(null)} onSaved={tell} />}
      {deliveries !== undefined && <DeliveriesDrawer name={deliveries} onClose={() => look(undefined)} />}
      <ReasonModal
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing ?? ""}`}
        confirm="Remove"
        danger
        done="It is told nothing any more."
        action={(reason) =>
          call(api.DELETE("/api/v2/notification-targets/{name}", { params: { path: { name: removing ?? "" }, query: { reason } } }))
        }
      />
      <ReasonModal
        opened={rotating !== null}
        onClose={() => setRotating(null)}
        title={`New secret for ${rotating ?? ""}`}
        confirm="Make it"
        done="The new secret is above the list."
        action={async (reason) =>
          tell(
            await call(
              api.POST("/api/v2/notification-targets/{name}/rotate-secret", {
                params: { path: { name: rotating ?? "" } },
                body: { reason, overlapHours: 24 },
              }),
            ),
          )
        }
      >
        For 24 hours notifications carry signatures by both secrets.
      </ReasonModal>
    </Stack>
  );
}
