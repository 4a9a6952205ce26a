import { ActionIcon, Alert, Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle, IconPlus, IconShieldCheck, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, call } from "~/api/client";
import type { ProtectedMetric, ProtectedMetricsView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { showDone } from "~/shared/components/showProblem";
import { useMay } from "~/shared/session/session";
import { protectedMetrics } from "./queries";

/** Metrics that no candidate may touch, in whatever experiment. */
export function ProtectedTab() {
  const mayEdit = useMay("operator");
  return (
    <Stack>
      <Alert icon={<IconShieldCheck />} color="blue" title="Untouched means: every series leaves as it came">
        Every experiment protects these besides its own, from its start on. A candidate that loses one of their series is ended by a
        guardrail. <b>*</b> stands for any run of characters.
      </Alert>
      <QueryView query={useQuery(protectedMetrics)}>
        {(current) => (mayEdit ? <Edited current={current} /> : <Listed patterns={current.data.patterns} />)}
      </QueryView>
    </Stack>
  );
}

function Listed({ patterns }: { patterns: ProtectedMetric[] }) {
  return (
    <Table aria-label="Protected metrics">
      <Table.Tbody>
        {patterns.map((p) => (
          <Table.Tr key={p.pattern}>
            <Table.Td>{p.pattern}</Table.Td>
            <Table.Td>{p.note}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface Versioned {
  data: ProtectedMetricsView;
  etag: string | null;
}

/** Keeps to the list that was there when the editing began, so that typed rows stay and a change of somebody else is refused instead of overwritten. */
function Edited({ current }: { current: Versioned }) {
  const [begun, setBegun] = useState(current);
  return (
    <Patterns
      key={begun.data.version}
      begun={begun}
      isOld={current.data.version !== begun.data.version}
      onReadAgain={() => setBegun(current)}
    />
  );
}

interface PatternsProps {
  begun: Versioned;
  /** Whether the list has changed since. */
  isOld: boolean;
  onReadAgain: () => void;
}

function Patterns({ begun: { data, etag }, isOld, onReadAgain }: PatternsProps) {
  const { patterns } = data;
  const queries = useQueryClient();
  const form = useForm({ initialValues: { patterns: patterns.map((p) => ({ pattern: p.pattern, note: p.note ?? "" })), reason: "" } });
  const save = useMutation({
    mutationFn: (v: typeof form.values) =>
      call(
        api.PUT("/api/v2/protected-metrics", {
          headers: etag === null ? {} : { "if-match": etag },
          body: {
            patterns: v.patterns.map((p) => ({ pattern: p.pattern.trim(), note: p.note.trim() || null })),
            reason: v.reason.trim() || null,
          },
        }),
      ),
    meta: { problemShown: true },
    onSuccess: () => {
      showDone("Saved. It counts for every experiment that starts from now on.");
      // Nothing of it is unsaved any more: the list as it is now takes its place.
      form.resetDirty();
      void queries.invalidateQueries({ queryKey: protectedMetrics.queryKey });
    },
  });
  const rows = form.values.patterns;
  const isTouched = form.isDirty();
  useEffect(() => {
    // Nothing would be lost.
    if (isOld && !isTouched && !save.isPending) onReadAgain();
  }, [isOld, isTouched, save.isPending, onReadAgain]);

  return (
    <form onSubmit={form.onSubmit((v) => save.mutate(v))}>
      <Stack>
        {isOld && isTouched && !save.isPending && (
          <Alert color="yellow" icon={<IconAlertTriangle />} title="Somebody else has changed the list">
            <Stack gap="xs" align="flex-start">
              <Text size="sm">
                What you have written is kept, and cannot be saved over theirs. Reading again takes up theirs in its place.
              </Text>
              <Button size="xs" variant="default" onClick={onReadAgain}>
                Read again
              </Button>
            </Stack>
          </Alert>
        )}
        {rows.length === 0 && <Text size="sm">Nothing is protected for everybody yet. Begin with what alerts and dashboards need.</Text>}
        {rows.map((_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name of their own until they are saved.
          <Group key={i} align="flex-end" wrap="nowrap" gap="xs">
            <TextInput
              label={i === 0 ? "Metric or pattern" : undefined}
              aria-label={`Metric or pattern ${i + 1}`}
              placeholder="http.server.*"
              style={{ flex: 1 }}
              {...form.getInputProps(`patterns.${i}.pattern`)}
            />
            <TextInput
              label={i === 0 ? "Why, or for whom" : undefined}
              aria-label={`Note ${i + 1}`}
              style={{ flex: 2 }}
              {...form.getInputProps(`patterns.${i}.note`)}
            />
            <ActionIcon variant="default" size="lg" aria-label={`Remove row ${i + 1}`} onClick={() => form.removeListItem("patterns", i)}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} />}
            onClick={() => form.insertListItem("patterns", { pattern: "", note: "" })}
          >
            Add a row
          </Button>
        </Group>
        <TextInput label="Reason" description="Stands in the audit log." {...form.getInputProps("reason")} />
        {save.isError && <ProblemAlert error={save.error} title="This was not saved" />}
        <Group>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
