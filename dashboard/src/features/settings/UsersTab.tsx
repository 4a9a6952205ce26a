import { Badge, Button, Group, Menu, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { UserSecretAnswer, UserView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { RowMenu } from "~/shared/components/RowMenu";
import { users } from "~/shared/people/people";
import { useMay, useMe } from "~/shared/session/session";
import { SecretOnce } from "./SecretOnce";

type Action = "viewer" | "operator" | "admin" | "disable" | "enable" | "erase" | "secret";

const ROLES = [
  { value: "viewer", label: "Viewer: reads" },
  { value: "operator", label: "Operator: runs experiments, deployments and the fleet" },
  { value: "admin", label: "Admin: also users, prices, policy, forced promotions" },
];

const column = createColumnHelper<UserView>();

export function UsersTab() {
  const mayAdmin = useMay("admin");
  const me = useMe();
  const [chosen, setChosen] = useState<{ user: UserView; action: Action } | null>(null);
  const [told, setTold] = useState<UserSecretAnswer | null>(null);
  const [adding, add] = useDisclosure(false);
  const columns = useMemo(
    () => [
      column.accessor("name", {
        header: "Name",
        cell: (c) => `${c.getValue() || "(name erased)"}${c.row.original.id === me?.id ? " (you)" : ""}`,
      }),
      column.accessor("role", { header: "Role", cell: (c) => <Badge variant="light">{c.getValue()}</Badge> }),
      column.accessor("disabled", { header: "State", cell: (c) => (c.getValue() ? "Disabled" : "Active") }),
      column.accessor("id", { header: "Id in events" }),
      ...(mayAdmin
        ? [
            column.display({
              id: "actions",
              header: () => <span>Actions</span>,
              size: 80,
              cell: (c) => <UserActions user={c.row.original} onChoose={(action) => setChosen({ user: c.row.original, action })} />,
            }),
          ]
        : []),
    ],
    [mayAdmin, me?.id],
  );

  return (
    <Stack>
      {mayAdmin && (
        <Group justify="flex-end">
          <Button leftSection={<IconUserPlus size={16} />} onClick={add.open}>
            Add a user
          </Button>
        </Group>
      )}
      {told !== null && (
        <SecretOnce secret={`${location.origin}/sign-in#${told.secret}`}>
          Hand this link to {told.name}. It signs a browser in once, until {told.secretExpiresAt.slice(0, 10)}.
        </SecretOnce>
      )}
      <QueryView query={useQuery(users)}>
        {(all) => <DataTable label="Users" rows={all} columns={columns} rowId={(u) => u.id} minWidth={640} />}
      </QueryView>
      {adding && <AddUser onClose={add.close} onAdded={setTold} />}
      <UserChange chosen={chosen} onClose={() => setChosen(null)} onSecret={setTold} />
    </Stack>
  );
}

function UserActions({ user, onChoose }: { user: UserView; onChoose: (action: Action) => void }) {
  return (
    <RowMenu of={user.name || user.id}>
      {(["viewer", "operator", "admin"] as const)
        .filter((r) => r !== user.role)
        .map((role) => (
          <Menu.Item key={role} onClick={() => onChoose(role)}>
            Make {role}
          </Menu.Item>
        ))}
      <Menu.Item onClick={() => onChoose("secret")}>New sign-in link</Menu.Item>
      <Menu.Item onClick={() => onChoose(user.disabled ? "enable" : "disable")}>{user.disabled ? "Enable" : "Disable"}</Menu.Item>
      {user.name !== "" && (
        <Menu.Item color="red" onClick={() => onChoose("erase")}>
          Erase the name
        </Menu.Item>
      )}
    </RowMenu>
  );
}

const WORDS: Record<Action, { title: string; confirm: string; done: string; text: string; danger?: boolean }> = {
  viewer: {
    title: "Make a viewer",
    confirm: "Change the role",
    done: "The role was changed.",
    text: "A viewer reads and changes nothing.",
  },
  operator: {
    title: "Make an operator",
    confirm: "Change the role",
    done: "The role was changed.",
    text: "An operator runs experiments, deployments and the fleet.",
  },
  admin: {
    title: "Make an admin",
    confirm: "Change the role",
    done: "The role was changed.",
    text: "An admin may do everything, also change users and force promotions.",
  },
  secret: {
    title: "New sign-in link",
    confirm: "Make it",
    done: "The link is above the list.",
    text: "A link that was handed out and not used counts no more. Sessions go on.",
  },
  disable: {
    title: "Disable",
    confirm: "Disable",
    done: "The user is disabled.",
    text: "Tokens, sessions and links end at once. What the user did stays in the audit log.",
    danger: true,
  },
  enable: { title: "Enable", confirm: "Enable", done: "The user is enabled.", text: "The user needs a new sign-in link." },
  erase: {
    title: "Erase the name",
    confirm: "Erase",
    done: "The name was erased.",
    text: "The name is removed for good; events name the user by an id alone. This cannot be taken back.",
    danger: true,
  },
};

function UserChange({
  chosen,
  onClose,
  onSecret,
}: {
  chosen: { user: UserView; action: Action } | null;
  onClose: () => void;
  onSecret: (answer: UserSecretAnswer) => void;
}) {
  const words = WORDS[chosen?.action ?? "viewer"];
  const act = async (reason: string) => {
    if (chosen === null) return;
    const { user, action } = chosen;
    const params = { path: { id: user.id } };
    if (action === "erase") await call(api.DELETE("/api/v2/users/{id}/name", { params: { ...params, query: { reason } } }));
    else if (action === "disable") await call(api.POST("/api/v2/users/{id}/disable", { params, body: { reason } }));
    else if (action === "enable") await call(api.POST("/api/v2/users/{id}/enable", { params, body: { reason } }));
    else if (action === "secret") onSecret(await call(api.POST("/api/v2/users/{id}/secret", { params, body: { reason } })));
    else await call(api.PUT("/api/v2/users/{id}/role", { params, body: { role: action, reason } }));
  };
  return (
    <ReasonModal
      opened={chosen !== null}
      onClose={onClose}
      title={`${words.title}: ${chosen?.user.name || chosen?.user.id || ""}`}
      confirm={words.confirm}
      done={words.done}
      danger={words.danger}
      action={act}
    >
      {words.text}
    </ReasonModal>
  );
}

function AddUser({ onClose, onAdded }: { onClose: () => void; onAdded: (answer: UserSecretAnswer) => void }) {
  const form = useForm({
    initialValues: { name: "", role: "viewer" },
    validate: { name: (v) => (v.trim() === "" ? "Give a name." : null) },
  });
  const add = useMutation({
    mutationFn: (v: { name: string; role: string }) =>
      call(api.POST("/api/v2/users", { body: { name: v.name.trim(), role: v.role, reason: null } })),
    meta: { problemShown: true },
    onSuccess: (answer) => {
      onAdded(answer);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Add a user">
      <form onSubmit={form.onSubmit((v) => add.mutate(v))}>
        <Stack>
          <TextInput label="Name" withAsterisk data-autofocus {...form.getInputProps("name")} />
          <Select label="Role" data={ROLES} allowDeselect={false} {...form.getInputProps("role")} />
          {add.isError && <ProblemAlert error={add.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button type="submit" loading={add.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
