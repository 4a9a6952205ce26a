import { Alert, Button, Code, Group, NumberInput, Select, Stack, Switch, Tabs, Text } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, call } from "~/api/client";
import type { AgentView, HostLogsRequest, HostLogsStarted, HostLogsView } from "~/api/schema";
import { EmptyState } from "~/shared/components/EmptyState";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { count } from "~/shared/format/numbers";
import { refusedField } from "~/shared/forms/refusedField";
import { hostLogs } from "./queries";
import type { HostSearch } from "./search";

/** How long after an answer the host is asked again while its logs are followed. Each asking is a task and an entry of the audit log. */
const FOLLOW_MS = 5_000;

interface Props {
  host: AgentView;
  search: HostSearch;
  onSearch: (changes: Partial<HostSearch>) => void;
}

/** The last lines of a host's logs, which the host sends when it is asked. */
export function HostLogs({ host, search, onSearch }: Props) {
  const [collector, setCollector] = useState<string | null>(null);
  const [lines, setLines] = useState<number | string>(200);
  const [follow, setFollow] = useState(false);
  const ask = useMutation({
    mutationFn: async (following: boolean) => {
      const body = {
        ...(collector === null ? {} : { collector }),
        lines: Number(lines),
        ...(following ? { reason: "Follows the logs" } : {}),
      };
      return (await call(
        api.POST("/api/v2/agents/{hostId}/logs", { params: { path: { hostId: host.hostId } }, body: body as HostLogsRequest }),
      )) as HostLogsStarted;
    },
    meta: { problemShown: true },
    onSuccess: ({ id }) => onSearch({ request: id }),
    onError: () => setFollow(false),
  });
  const id = search.request;
  const logs = useQuery({ ...hostLogs(id ?? ""), enabled: id !== undefined });
  const pending =
    ask.isPending || logs.isLoading || (logs.data !== undefined && (logs.data.state === "queued" || logs.data.state === "assigned"));
  const shown = useLast(logs.data);
  const failed = logs.data !== undefined && (logs.data.state === "deadLettered" || logs.data.state === "cancelled");

  const { mutate } = ask;
  useEffect(() => {
    if (failed) setFollow(false);
    if (!follow || pending || failed) return;
    const timer = setTimeout(() => mutate(true), shown === undefined ? 0 : FOLLOW_MS);
    return () => clearTimeout(timer);
  }, [follow, pending, failed, shown, mutate]);

  return (
    <Stack>
      <Group align="flex-end" gap="sm">
        <Select
          label="Of"
          size="xs"
          w={220}
          clearable
          placeholder="The agent and all collectors"
          data={host.collectors.map((c) => c.name)}
          value={collector}
          onChange={setCollector}
          error={refusedField(ask.error, "collector")}
        />
        <NumberInput
          label="Last lines of each"
          size="xs"
          w={130}
          min={1}
          max={1000}
          allowDecimal={false}
          value={lines}
          onChange={setLines}
          error={refusedField(ask.error, "lines")}
        />
        <Button size="xs" loading={pending && !follow} onClick={() => mutate(false)}>
          Ask the host
        </Button>
        <Switch label="Follow" checked={follow} onChange={(e) => setFollow(e.currentTarget.checked)} />
        <Text size="sm" c="dimmed" role="status">
          {pending ? (follow ? "Following; the host is asked again." : "Waiting for the host.") : follow ? "Following." : ""}
        </Text>
      </Group>
      {ask.isError && refusedField(ask.error, "collector", "lines") === null && (
        <ProblemAlert error={ask.error} title="The host was not asked" />
      )}
      {logs.isError && <ProblemAlert error={logs.error} onRetry={() => void logs.refetch()} />}
      {failed && (
        <Alert color="red" title="The host has sent no lines">
          {logs.data?.error ?? "The request was cancelled."}
        </Alert>
      )}
      {shown === undefined ? (
        !failed && (
          <EmptyState icon={<IconFileText />} title="No lines were asked for yet">
            The agent takes secrets out before lines leave the host; they are kept here for an hour and stand in no event. The audit log
            says who asked. The host's owner may forbid it in the allow-list.
          </EmptyState>
        )
      ) : (
        <Files view={shown} log={search.log} onLog={(log) => onSearch({ log })} />
      )}
    </Stack>
  );
}

/** The last answer stays in sight while the next one is awaited. */
function useLast(view: HostLogsView | undefined): HostLogsView | undefined {
  const [last, setLast] = useState<HostLogsView>();
  if (view !== undefined && view.state === "succeeded" && view !== last) setLast(view);
  return last;
}

function Files({ view, log, onLog }: { view: HostLogsView; log?: string; onLog: (log: string | undefined) => void }) {
  if (view.files.length === 0) return <Text size="sm">{view.error ?? "The host has no such log."}</Text>;
  const tab = (file: HostLogsView["files"][number]) => file.collector ?? file.name;
  const shown = view.files.find((f) => tab(f) === log) ?? view.files[0];
  if (shown === undefined) return null;
  return (
    <Tabs value={tab(shown)} onChange={(next) => onLog(next ?? undefined)} variant="outline">
      <Tabs.List>
        {view.files.map((file) => (
          <Tabs.Tab key={tab(file)} value={tab(file)}>
            {tab(file)} ({count(file.lines.length)})
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {view.files.map((file) => (
        <Tabs.Panel key={tab(file)} value={tab(file)} pt="xs">
          {file.truncated && (
            <Text size="sm" c="dimmed" mb={4}>
              Earlier lines were left out, or lines were cut.
            </Text>
          )}
          <Lines name={tab(file)} lines={file.lines} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

/** Stays at the newest line unless somebody has scrolled up to read. */
function Lines({ name, lines }: { name: string; lines: readonly string[] }) {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what it reacts to.
  useEffect(() => {
    if (box.current !== null && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <Code
      ref={box}
      block
      tabIndex={0}
      role="log"
      aria-label={`Log of ${name}`}
      mah="60vh"
      style={{ overflow: "auto" }}
      onScroll={(e) => {
        const { scrollTop, scrollHeight, clientHeight } = e.currentTarget;
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
      }}
    >
      {lines.length === 0 ? "The log is empty." : lines.join("\n")}
    </Code>
  );
}
