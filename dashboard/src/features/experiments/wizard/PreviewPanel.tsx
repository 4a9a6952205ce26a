import { Alert, Button, Group, Loader, MultiSelect, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconEye } from "@tabler/icons-react";
import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { api, call, isFinal } from "~/api/client";
import type { AgentView, PreviewRequest, PreviewStarted, PreviewView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { count } from "~/shared/format/numbers";
import { versionText } from "~/shared/pipelines/queries";
import { PreviewSummaryView } from "~/shared/previews/PreviewSummaryView";
import { preview } from "~/shared/previews/queries";
import { isSettled, summarise } from "~/shared/previews/summarise";
import { words } from "~/shared/search/read";
import type { ParameterValues } from "~/shared/templates/parameters";
import { useDesign } from "./form";

const route = getRouteApi("/_app/experiments/new");

type Source = { kind: "version"; pipelineId: string; version: number } | { kind: "template"; name: string; parameters: ParameterValues };

interface Props {
  source: Source;
  hosts: AgentView[];
  /** Whether there is a configuration to be tried. */
  isGood?: boolean;
}

/** The control plane asks no more at once. */
const MAX_HOSTS = 50;
const AT_FIRST = 3;

/** The previews that the address names, as far as they were read. */
export function usePreviews(): PreviewView[] {
  return usePreviewReads().flatMap(({ data }) => (data === undefined ? [] : [data]));
}

function usePreviewReads() {
  const ids = words(route.useSearch().previews);
  const reads = useQueries({ queries: ids.map((id) => preview(id)) });
  return ids.map((id, i) => ({ id, data: reads[i]?.data, error: reads[i]?.error ?? null }));
}

/** Asks hosts what the candidate would make of their recent input. Only numbers and names of metrics and labels leave a host. */
export function PreviewPanel({ source, hosts, isGood = true }: Props) {
  const queries = useQueryClient();
  const navigate = route.useNavigate();
  const reads = usePreviewReads();
  const previews = reads.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const { protectedMetrics, priceEntry } = useDesign().values;
  const able = hosts.filter((h) => h.state === "active").map((h) => h.hostId);
  const [picked, setPicked] = useState<string[] | null>(null);
  const asked = picked ?? able.slice(0, AT_FIRST);

  const run = useMutation({
    meta: { problemShown: true },
    mutationFn: async () => {
      const none: Pick<PreviewRequest, "configuration" | "template"> = { configuration: "", template: null };
      const what =
        source.kind === "template"
          ? { ...none, template: { name: source.name, parameters: source.parameters as Record<string, never> } }
          : { ...none, configuration: (await queries.ensureQueryData(versionText(source.pipelineId, source.version))).configuration };
      const body = { ...what, hosts: asked, protectedMetrics, reason: "" };
      return (await call(api.POST("/api/v2/pipelines/preview", { body }))) as PreviewStarted[];
    },
    onSuccess: (started) =>
      navigate({ search: (now) => ({ ...now, previews: started.map((p) => p.id).join(",") }), replace: true, resetScroll: false }),
  });

  const gone = reads.filter(({ error }) => isFinal(error));
  const unread = reads.filter(({ error }) => error !== null && !isFinal(error));
  const waiting = reads.filter(({ data, error }) => !isFinal(error) && (data === undefined || !isSettled(data))).length;
  const summary = summarise(previews);
  const failed = previews.filter((p) => isSettled(p) && p.report == null);
  return (
    <Stack gap="sm">
      <Title order={4} size="sm">
        Preview on real input
      </Title>
      <Group align="flex-end" wrap="wrap">
        <MultiSelect
          label="Hosts to ask"
          description="Each plays its own recent input through the candidate; nothing is deployed."
          searchable
          hidePickedOptions
          maxValues={MAX_HOSTS}
          limit={100}
          style={{ flex: "1 1 280px" }}
          data={able}
          value={asked}
          onChange={setPicked}
          placeholder={able.length === 0 ? "No host that is meant is active" : undefined}
        />
        <Button
          variant="light"
          leftSection={<IconEye size={16} />}
          onClick={() => run.mutate()}
          loading={run.isPending}
          disabled={asked.length === 0 || !isGood}
        >
          {reads.length === 0 ? "Preview" : "Preview again"}
        </Button>
      </Group>
      {run.isError && <ProblemAlert error={run.error} title="Hosts were not asked" />}
      <div aria-live="polite">
        {waiting > 0 && (
          <Group gap="xs">
            <Loader size="xs" aria-hidden />
            <Text size="sm">
              {count(waiting)} of {count(reads.length)} {reads.length === 1 ? "host has" : "hosts have"} not answered yet.
            </Text>
          </Group>
        )}
      </div>
      {unread.length > 0 && <ProblemAlert error={unread[0]?.error} title="Previews could not be read" />}
      {(failed.length > 0 || gone.length > 0) && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title="Hosts without a preview">
          {failed.map((p) => (
            <Text key={p.id} size="sm">
              {p.hostId}: {p.error || "It was cancelled."}
            </Text>
          ))}
          {gone.map(({ id, data, error }) => (
            <Text key={id} size="sm">
              {data?.hostId ?? `Preview ${id}`}: {error?.message}
            </Text>
          ))}
        </Alert>
      )}
      {summary !== null && <PreviewSummaryView summary={summary} price={priceEntry ?? undefined} isWaiting={waiting > 0} />}
    </Stack>
  );
}
