import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { AccessTokenView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { TimeText } from "~/shared/components/TimeText";
import { tokens } from "./queries";
import { SecretOnce } from "./SecretOnce";

const column = createColumnHelper<AccessTokenView>();

/** What signs in as the user: this browser's session, others, and tokens of programs. */
export function TokensTab() {
  const [revoking, setRevoking] = useState<AccessTokenView | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const [opened, modal] = useDisclosure(false);
  const issue = useMutation({
    mutationFn: () => call(api.POST("/api/v2/auth/tokens", { body: { secret: null } })),
    onSuccess: (answer) => setTold(answer.token),
  });
  const columns = useMemo(
    () => [
      column.accessor("id", {
        header: "Token",
        cell: (c) => (
          <Group gap="xs">
            {c.getValue()}
            {c.row.original.current && <Badge variant="light">This session</Badge>}
          </Group>
        ),
      }),
      column.accessor("issuedAt", { header: "Issued", cell: (c) => <TimeText at={c.getValue()} /> }),
      column.accessor("expiresAt", { header: "Ends", cell: (c) => <TimeText at={c.getValue()} /> }),
      column.display({
        id: "revoke",
        header: () => <span>Actions</span>,
        cell: (c) =>
          c.row.original.current ? null : (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => {
                setRevoking(c.row.original);
                modal.open();
              }}
            >
              Revoke
            </Button>
          ),
      }),
    ],
    [modal.open],
  );
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          Sessions of browsers and tokens of programs. A token does what you may do.
        </Text>
        <Button leftSection={<IconKey size={16} />} loading={issue.isPending} onClick={() => issue.mutate()}>
          Issue a token
        </Button>
      </Group>
      {told !== null && (
        <SecretOnce secret={told}>
          Programs send it as <b>Authorization: Bearer</b>.
        </SecretOnce>
      )}
      <QueryView query={useQuery(tokens())}>
        {(all) => <DataTable label="Tokens" rows={all} columns={columns} rowId={(t) => t.id} minWidth={560} />}
      </QueryView>
      <ReasonModal
        opened={opened}
        onClose={modal.close}
        title={`Revoke token ${revoking?.id ?? ""}`}
        confirm="Revoke"
        danger
        done="The token counts no more."
        action={(reason) =>
          call(api.DELETE("/api/v2/auth/tokens/{id}", { params: { path: { id: revoking?.id ?? "" }, query: { reason } } }))
        }
      >
        Whoever uses it is signed out at once.
      </ReasonModal>
    </Stack>
  );
}
