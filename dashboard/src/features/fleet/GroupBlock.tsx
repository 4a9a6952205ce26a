import { Button, Card, Group, Menu, Text, Title } from "@mantine/core";
import { useInViewport } from "@mantine/hooks";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, api, call } from "~/api/client";
import type { AgentView, GroupView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { RowMenu } from "~/shared/components/RowMenu";
import { count, counted } from "~/shared/format/numbers";
import { GroupForm } from "./GroupForm";
import classes from "./hostMap.module.css";
import { hosts } from "./queries";
import { HOST_STATE, HOST_STATES, isHostState } from "./states";

/** A group with its hosts as cells, read once the block comes into sight. */
export function GroupBlock({ group, at, mayChange }: { group: GroupView; at?: string; mayChange: boolean }) {
  const { ref, inViewport } = useInViewport<HTMLDivElement>();
  const [seen, setSeen] = useState(false);
  if (inViewport && !seen) setSeen(true);
  const query = useInfiniteQuery({ ...hosts({ group: group.name }, at), enabled: seen });
  const notYet = at !== undefined && query.error instanceof ApiError && query.error.status === 404;
  return (
    <Card ref={ref}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb={4}>
        <div style={{ minWidth: 0 }}>
          <Title order={2} fz="md" style={{ overflowWrap: "anywhere" }}>
            <PageLink to="/fleet" search={{ group: group.name, ...(at === undefined ? {} : { at }) }}>
              {group.name}
            </PageLink>
          </Title>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {at === undefined ? "" : "Today: "}
            {group.selector}
            {group.description !== "" && ` · ${group.description}`}
          </Text>
        </div>
        {mayChange && <GroupMenu group={group} />}
      </Group>
      {notYet ? (
        <Text size="sm" c="dimmed">
          The group was not defined then.
        </Text>
      ) : (
        <QueryView query={query}>
          {({ pages }) => {
            const all = pages.flatMap((p) => p.items).filter((h) => h.state !== "decommissioned");
            return (
              <>
                <States group={group.name} hosts={all} all={at === undefined ? group.hosts : null} more={query.hasNextPage} at={at} />
                {/* Cells repeat what the counts and the table say, for the eye alone: hundreds of stops for the keyboard would help nobody. */}
                <Group gap={3} aria-hidden mt="xs" mah={220} style={{ overflowY: "auto", padding: 3 }}>
                  {all.map((h) => (
                    <Cell key={h.hostId} host={h} at={at} />
                  ))}
                </Group>
                {query.hasNextPage && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    mt="xs"
                    loading={query.isFetchingNextPage}
                    onClick={() => void query.fetchNextPage()}
                  >
                    Show more hosts of {group.name}
                  </Button>
                )}
              </>
            );
          }}
        </QueryView>
      )}
    </Card>
  );
}

function Cell({ host, at }: { host: AgentView; at?: string }) {
  const state = isHostState(host.state) ? host.state : "stopped";
  const title = `${host.hostId}: ${HOST_STATE[state].label}${host.drift === null ? "" : ", drift"}`;
  return (
    <Link
      to="/fleet/$hostId"
      params={{ hostId: host.hostId }}
      search={at === undefined ? {} : { at }}
      preload={false}
      tabIndex={-1}
      title={title}
      className={`${classes.cell} ${classes[state]} ${host.drift === null ? "" : classes.drift}`}
    />
  );
}

interface StatesProps {
  group: string;
  hosts: AgentView[];
  /** How many there are; null of a past moment, of which that is not told. */
  all: number | null;
  more: boolean;
  at?: string;
}

/** How many are in which state, each a filter of the table; of a long group only what is loaded is counted, and it says so. */
function States({ group, hosts: shown, all, more, at }: StatesProps) {
  return (
    <Group gap="0 12px">
      <Text size="sm">
        {all !== null && shown.length < all
          ? `${count(shown.length)} of ${count(all)} hosts:`
          : all === null && more
            ? `The first ${count(shown.length)} hosts:`
            : `${counted(all ?? shown.length, "host")}:`}
      </Text>
      {HOST_STATES.map((state) => {
        const n = shown.filter((h) => h.state === state).length;
        return n === 0 ? null : (
          <PageLink key={state} fz="sm" to="/fleet" search={{ group, state, ...(at === undefined ? {} : { at }) }}>
            {count(n)} {HOST_STATE[state].label.toLowerCase()}
          </PageLink>
        );
      })}
      {shown.length === 0 && (
        <Text size="sm" c="dimmed">
          No host has these labels.
        </Text>
      )}
    </Group>
  );
}

function GroupMenu({ group }: { group: GroupView }) {
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  return (
    <>
      <RowMenu of={`group ${group.name}`}>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setOpen("edit")}>
          Change
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setOpen("delete")}>
          Delete
        </Menu.Item>
      </RowMenu>
      {open === "edit" && <GroupForm group={group} onClose={() => setOpen(null)} />}
      <ReasonModal
        opened={open === "delete"}
        onClose={() => setOpen(null)}
        title={`Delete group ${group.name}`}
        confirm="Delete the group"
        danger
        done={`Group ${group.name} is deleted.`}
        action={(reason) =>
          call(api.DELETE("/api/v2/groups/{name}", { params: { path: { name: group.name }, query: reason === "" ? {} : { reason } } }))
        }
      >
        What runs on {counted(group.hosts, "host")} stays as it is. What refers to the group by name, such as a draft of an experiment, is
        refused from then on.
      </ReasonModal>
    </>
  );
}
