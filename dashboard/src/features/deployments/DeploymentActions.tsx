import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { DeploymentView } from "~/api/schema";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { count } from "~/shared/format/numbers";
import { useMay, useMe } from "~/shared/session/session";
import { type Command, commandsIn } from "./states";

const WORDS: Record<
  Command,
  { button: string; title: string; confirm: string; done: string; danger?: boolean; what: (d: DeploymentView) => string }
> = {
  approve: {
    button: "Approve",
    title: "Approve the deployment",
    confirm: "Approve",
    done: "It is approved and begins.",
    what: (d) => `The first wave begins: ${count(d.waves[0])} of ${count(d.counts.hosts)} hosts.`,
  },
  reject: {
    button: "Reject",
    title: "Reject the deployment",
    confirm: "Reject",
    done: "It is rejected.",
    danger: true,
    what: () => "It ends before it has begun. It can be asked for anew.",
  },
  pause: {
    button: "Pause",
    title: "Pause the deployment",
    confirm: "Pause",
    done: "It is paused.",
    what: () => "No further host is asked, and what was asked and has not ended is taken back. Hosts that run the version go on with it.",
  },
  resume: {
    button: "Resume",
    title: "Resume the deployment",
    confirm: "Resume",
    done: "It goes on.",
    what: () =>
      "It goes on where it was held. What has failed until now is no longer held against it, and what is measured is judged anew.",
  },
  abort: {
    button: "Abort",
    title: "Abort the deployment",
    confirm: "Abort",
    done: "It is aborted.",
    danger: true,
    what: (d) => `It ends where it is. ${count(d.counts.deployed)} hosts that run the version go on with it.`,
  },
  rollback: {
    button: "Roll back",
    title: "Roll back the deployment",
    confirm: "Roll back",
    done: "It is rolled back.",
    danger: true,
    what: (d) => `Every host that was asked returns to what it ran before, at once: ${count(d.counts.hosts - d.counts.pending)} hosts.`,
  },
};

/** What a person may decide now. */
export function DeploymentActions({ deployment }: { deployment: DeploymentView }) {
  const may = useMay("operator");
  const me = useMe();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Command | null>(null);
  if (!may) return null;
  const run = async (command: Command, reason: string) => {
    const options = { params: { path: { id: deployment.id } }, body: { reason } };
    await call(
      command === "approve"
        ? api.POST("/api/v2/deployments/{id}/approve", options)
        : command === "reject"
          ? api.POST("/api/v2/deployments/{id}/reject", options)
          : command === "pause"
            ? api.POST("/api/v2/deployments/{id}/pause", options)
            : command === "resume"
              ? api.POST("/api/v2/deployments/{id}/resume", options)
              : command === "abort"
                ? api.POST("/api/v2/deployments/{id}/abort", options)
                : api.POST("/api/v2/deployments/{id}/rollback", options),
    );
    await queries.invalidateQueries({ queryKey: ["deployments"] });
  };
  const words = asked === null ? null : WORDS[asked];
  return (
    <>
      {commandsIn(deployment, me?.id).map((command) => (
        <Button
          key={command}
          variant={command === "approve" || command === "resume" ? "filled" : "default"}
          c={WORDS[command].danger ? "light-dark(var(--mantine-color-red-9), var(--mantine-color-red-4))" : undefined}
          onClick={() => setAsked(command)}
        >
          {WORDS[command].button}
        </Button>
      ))}
      {asked !== null && words !== null && (
        <ReasonModal
          opened
          onClose={() => setAsked(null)}
          title={words.title}
          confirm={words.confirm}
          danger={words.danger}
          done={words.done}
          action={(reason) => run(asked, reason)}
        >
          {words.what(deployment)}
        </ReasonModal>
      )}
    </>
  );
}
