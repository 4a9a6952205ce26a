import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTags, IconTrash, IconUserCheck } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { AgentView } from "~/api/schema";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { useMay } from "~/shared/session/session";
import { LabelsForm } from "./LabelsForm";

type Action = "labels" | "drain" | "drain-end" | "reapply" | "re-enrolment" | "decommission";

/** What can be done with a host; each with a reason for the audit log. */
export function HostActions({ host }: { host: AgentView }) {
  const [open, setOpen] = useState<Action | null>(null);
  const mayDecommission = useMay("admin");
  const gone = host.state === "decommissioned";
  const drained = host.drainedAt !== null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} />}>
            Actions
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!gone && (
            <Menu.Item leftSection={<IconTags size={16} />} onClick={() => setOpen("labels")}>
              Set labels
            </Menu.Item>
          )}
          {!gone && host.production !== null && (
            <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => setOpen("reapply")}>
              Apply production again
            </Menu.Item>
          )}
          {!gone &&
            (drained ? (
              <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => setOpen("drain-end")}>
                End the drain
              </Menu.Item>
            ) : (
              <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => setOpen("drain")}>
                Drain
              </Menu.Item>
            ))}
          <Menu.Item leftSection={<IconUserCheck size={16} />} onClick={() => setOpen("re-enrolment")}>
            Allow re-enrolment
          </Menu.Item>
          {mayDecommission && !gone && (
            <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={() => setOpen("decommission")}>
              Decommission
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === "labels" && <LabelsForm host={host} onClose={() => setOpen(null)} />}
      {open !== null && open !== "labels" && <Ask action={open} hostId={host.hostId} onClose={() => setOpen(null)} />}
    </>
  );
}

const WORDS: Record<Exclude<Action, "labels">, { title: string; says: string; confirm: string; danger?: boolean; done: string }> = {
  drain: {
    title: "Drain",
    says: "Nothing new gets onto the host: it gets only tasks that take something off, and experiments and deployments with it are refused. What runs goes on.",
    confirm: "Drain",
    done: "is drained.",
  },
  "drain-end": {
    title: "End the drain of",
    says: "The host takes part again, and what waited for it is delivered.",
    confirm: "End the drain",
    done: "takes part again.",
  },
  reapply: {
    title: "Apply production again on",
    says: "A task puts the pipeline back that the host should run as production. On a host in an experiment this is refused: the experiment looks after it.",
    confirm: "Apply again",
    done: "gets its pipeline again.",
  },
  "re-enrolment": {
    title: "Allow the re-enrolment of",
    says: "An agent with an enrolment token may enrol under this id once more and gets a new credential; the one of today is good until then. What ran before on a decommissioned host is forgotten.",
    confirm: "Allow it",
    done: "may enrol once more.",
  },
  decommission: {
    title: "Decommission",
    says: "The host is taken out for good: its credential is void, its open tasks are cancelled, experiments go on without it. What runs on it is not stopped, since it cannot be reached any more. Its id can be enrolled again only where that is allowed.",
    confirm: "Decommission",
    danger: true,
    done: "is decommissioned.",
  },
};

function Ask({ action, hostId, onClose }: { action: Exclude<Action, "labels">; hostId: string; onClose: () => void }) {
  const queries = useQueryClient();
  const words = WORDS[action];
  const path = { params: { path: { hostId } } };
  const run: Record<typeof action, (reason: string) => Promise<unknown>> = {
    drain: (reason) => call(api.POST("/api/v2/agents/{hostId}/drain", { ...path, body: { reason } })),
    "drain-end": (reason) => call(api.POST("/api/v2/agents/{hostId}/drain-end", { ...path, body: { reason } })),
    reapply: (reason) => call(api.POST("/api/v2/agents/{hostId}/reapply", { ...path, body: { reason } })),
    "re-enrolment": (reason) => call(api.POST("/api/v2/agents/{hostId}/re-enrolment", { ...path, body: { reason } })),
    decommission: (reason) => call(api.POST("/api/v2/agents/{hostId}/decommission", { ...path, body: { reason } })),
  };
  return (
    <ReasonModal
      opened
      onClose={onClose}
      title={`${words.title} ${hostId}`}
      confirm={words.confirm}
      danger={words.danger}
      reasonRequired={words.danger}
      done={`${hostId} ${words.done}`}
      action={async (reason) => {
        await run[action](reason);
        await queries.invalidateQueries({ queryKey: ["fleet"] });
      }}
    >
      {words.says}
    </ReasonModal>
  );
}
