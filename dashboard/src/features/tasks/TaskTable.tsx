import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PagesView } from "~/shared/components/PagesView";
import { count, counted } from "~/shared/format/numbers";
import type { Change } from "~/shared/search/change";
import { useTicked } from "~/shared/search/useTicked";
import { useMay } from "~/shared/session/session";
import { PURPOSE_KEYS, purposeLabel, TASK_STATUS } from "~/shared/tasks/words";
import { BulkActions } from "./BulkActions";
import { tasks } from "./queries";
import { STATUSES, type Status, type TasksSearch } from "./search";
import { taskColumns } from "./taskColumns";

interface Props {
  search: TasksSearch;
  onSearch: (change: Change<TasksSearch>) => void;
}

/** The queue: what is open, and what has failed for good. */
export function TaskTable({ search, onSearch }: Props) {
  const query = useInfiniteQuery(tasks(search));
  const mayChange = useMay("operator");
  const setTicked = useCallback(
    (next: (ticked: string | undefined) => string | undefined) => onSearch((was) => ({ ticked: next(was.ticked) })),
    [onSearch],
  );
  const [ticked, onTick] = useTicked(search.ticked, setTicked);
  const onOpen = useCallback((id: string) => onSearch({ task: id }), [onSearch]);
  const columns = useMemo(() => taskColumns({ ticked: mayChange ? ticked : null, onTick, onOpen }), [mayChange, ticked, onTick, onOpen]);
  const filtered = [search.host, search.experiment, search.purpose, search.status].some((f) => f !== undefined);

  return (
    <>
      <Filters search={search} filtered={filtered} onSearch={onSearch} />
      <PagesView query={query}>
        {(rows, more) => (
          <>
            <Group justify="space-between" mb={4} mih={30}>
              <Text size="sm" c="dimmed" role="status">
                {query.hasNextPage
                  ? `The first ${count(rows.length)} tasks, as they would be taken; scroll for more.`
                  : `${counted(rows.length, "task")}, as they would be taken.`}
              </Text>
              {mayChange && rows.length > 0 && <BulkActions search={search} onDone={() => onSearch({ ticked: undefined })} />}
            </Group>
            <DataTable
              label="Tasks"
              rows={rows}
              columns={columns}
              rowId={(t) => t.id}
              height="max(320px, calc(100vh - 560px))"
              minWidth={1280}
              onEndReached={more}
              isSelected={(t) => ticked.has(t.id) || t.id === search.task}
              empty={
                filtered ? (
                  <EmptyState title="No task is like that">Take a filter away. What has ended is in the audit log.</EmptyState>
                ) : (
                  <EmptyState title="The queue is empty">
                    Tasks come from experiments, deployments, previews and upgrades. What has ended is in the audit log.
                  </EmptyState>
                )
              }
            />
          </>
        )}
      </PagesView>
    </>
  );
}

function Filters({ search, filtered, onSearch }: Props & { filtered: boolean }) {
  return (
    <Group gap="xs" mb="sm" align="flex-end">
      <TextFilter label="Host" value={search.host ?? ""} onChange={(host) => onSearch({ host })} />
      <TextFilter label="Experiment (id)" value={search.experiment ?? ""} onChange={(experiment) => onSearch({ experiment })} />
      <Select
        label="Purpose"
        size="xs"
        w={200}
        clearable
        placeholder="Any"
        data={PURPOSE_KEYS.map((p) => ({ value: p, label: purposeLabel(p) }))}
        value={search.purpose ?? null}
        onChange={(purpose) => onSearch({ purpose: (purpose as TasksSearch["purpose"] | null) ?? undefined })}
      />
      <Select
        label="Status"
        size="xs"
        w={140}
        clearable
        placeholder="Any"
        data={STATUSES.map((s) => ({ value: s, label: TASK_STATUS[s] ?? s }))}
        value={search.status ?? null}
        onChange={(status) => onSearch({ status: (status as Status | null) ?? undefined })}
      />
      {filtered && (
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconFilterOff size={14} />}
          onClick={() => onSearch({ host: undefined, experiment: undefined, purpose: undefined, status: undefined })}
        >
          Show all
        </Button>
      )}
    </Group>
  );
}

function TextFilter({ label, value, onChange }: { label: string; value: string; onChange: (value: string | undefined) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const soon = useDebouncedCallback((text: string) => onChange(text.trim() === "" ? undefined : text.trim()), 400);
  return (
    <TextInput
      label={label}
      size="xs"
      w={{ base: "100%", xs: 200 }}
      value={typed}
      onChange={(e) => {
        setTyped(e.currentTarget.value);
        soon(e.currentTarget.value);
      }}
    />
  );
}
