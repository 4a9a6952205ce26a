import { Button, Group, Menu, Stack } from "@mantine/core";
import { IconDatabase, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { BackendView } from "~/api/schema";
import { backends } from "~/shared/backends/queries";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { RowMenu } from "~/shared/components/RowMenu";
import { showDone, showProblem } from "~/shared/components/showProblem";
import { duration } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { BackendModal } from "./BackendModal";

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
                <RowMenu of={c.row.original.name}>
                  <Menu.Item onClick={() => test.mutate(c.row.original.name)}>Test</Menu.Item>
                  {mayAdmin && <Menu.Item onClick={() => setEditing(c.row.original)}>Change</Menu.Item>}
                  {mayAdmin && (
                    <Menu.Item color="red" onClick={() => setRemoving(c.row.original.name)}>
                      Remove
                    </Menu.Item>
                  )}
                </RowMenu>
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
