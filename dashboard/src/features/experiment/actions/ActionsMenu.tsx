import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { ExperimentView } from "~/api/schema";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { useMe } from "~/shared/session/session";
import { type Action, available } from "./available";
import { CloneModal } from "./CloneModal";
import { ExtendModal } from "./ExtendModal";
import { PromoteModal } from "./PromoteModal";
import { ASKED, LABELS } from "./words";

const DANGEROUS: Action[] = ["rollBack", "stop", "force", "keep"];

/** What can be done with the experiment in its state, by who is signed in: the likeliest as a button, the rest in a menu. */
export function ActionsMenu({ x }: { x: ExperimentView }) {
  const me = useMe();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Action | null>(null);
  const actions = available(x, me?.role);
  const [first, ...others] = actions;
  if (first === undefined) return null;
  const begin = (action: Action) =>
    action === "edit" ? void navigate({ to: "/experiments/new", search: { from: x.id } }) : setOpen(action);
  const close = () => setOpen(null);
  const asked = open === null ? undefined : ASKED[open];

  return (
    <>
      <Button
        onClick={() => begin(first)}
        color={DANGEROUS.includes(first) ? "red" : undefined}
        variant={first === "clone" ? "default" : undefined}
      >
        {LABELS[first]}
      </Button>
      {others.length > 0 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="More actions">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {others.map((action) => (
              <Menu.Item key={action} color={DANGEROUS.includes(action) ? "red" : undefined} onClick={() => begin(action)}>
                {LABELS[action]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {(open === "promote" || open === "force") && <PromoteModal x={x} force={open === "force"} opened onClose={close} />}
      {open === "extend" && <ExtendModal x={x} onClose={close} />}
      {open === "clone" && <CloneModal x={x} onClose={close} />}
      {asked !== undefined && open !== null && (
        <ReasonModal
          opened
          onClose={close}
          title={asked.title}
          confirm={LABELS[open]}
          danger={DANGEROUS.includes(open)}
          done={asked.done}
          action={async (reason) => {
            await asked.command(x.id, reason);
            await queries.invalidateQueries({ queryKey: ["experiments"] });
          }}
        >
          {asked.says(x)}
        </ReasonModal>
      )}
    </>
  );
}
