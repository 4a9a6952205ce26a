import { Menu } from "@mantine/core";
import { IconArchive, IconArchiveOff, IconCopy, IconPencil } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { Created, ExperimentSummary } from "~/api/schema";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { RowMenu } from "~/shared/components/RowMenu";
import { rests } from "~/shared/experiments/rests";
import { useMay } from "~/shared/session/session";

type Action = "clone" | "archive" | "unarchive";

/** What may be done with an experiment in its state, without opening it. */
export function RowActions({ experiment: x }: { experiment: ExperimentSummary }) {
  const may = useMay("operator");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Action | null>(null);
  if (!may) return null;
  const path = { params: { path: { id: x.id } } };
  const changed = () => queries.invalidateQueries({ queryKey: ["experiments"] });

  return (
    <>
      <RowMenu of={x.name}>
        {x.state === "draft" && !x.archived && (
          <Menu.Item
            leftSection={<IconPencil size={14} />}
            onClick={() => void navigate({ to: "/experiments/new", search: { from: x.id } })}
          >
            Edit draft
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => setAsked("clone")}>
          Clone
        </Menu.Item>
        {!x.archived && rests(x.state) && (
          <Menu.Item leftSection={<IconArchive size={14} />} onClick={() => setAsked("archive")}>
            Archive
          </Menu.Item>
        )}
        {x.archived && (
          <Menu.Item leftSection={<IconArchiveOff size={14} />} onClick={() => setAsked("unarchive")}>
            Take out of the archive
          </Menu.Item>
        )}
      </RowMenu>
      <ReasonModal
        opened={asked === "clone"}
        onClose={() => setAsked(null)}
        title={`Clone “${x.name}”`}
        confirm="Clone"
        done="A draft with the same design was written."
        action={async (reason) => {
          const clone = (await call(
            api.POST("/api/v2/experiments/{id}/clone", { ...path, body: { name: null as never, reason } }),
          )) as Created;
          await changed();
          await navigate({ to: "/experiments/new", search: { from: clone.id, step: "review" } });
        }}
      >
        A new draft gets the design of this experiment. Nothing runs before you start it.
      </ReasonModal>
      <ReasonModal
        opened={asked === "archive"}
        onClose={() => setAsked(null)}
        title={`Archive “${x.name}”`}
        confirm="Archive"
        done="It is archived."
        action={async (reason) => {
          await call(api.POST("/api/v2/experiments/{id}/archive", { ...path, body: { reason } }));
          await changed();
        }}
      >
        It leaves the lists. Its events, evidence and savings stay, and it can be taken out of the archive.
      </ReasonModal>
      <ReasonModal
        opened={asked === "unarchive"}
        onClose={() => setAsked(null)}
        title={`Take “${x.name}” out of the archive`}
        confirm="Take out"
        done="It is in the lists again."
        action={async (reason) => {
          await call(api.POST("/api/v2/experiments/{id}/unarchive", { ...path, body: { reason } }));
          await changed();
        }}
      />
    </>
  );
}
