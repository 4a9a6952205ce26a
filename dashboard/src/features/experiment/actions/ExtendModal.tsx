import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ExperimentView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { parseDuration, writeDuration } from "~/shared/format/durations";
import { duration } from "~/shared/format/numbers";
import { extend } from "./commands";

/** Lets it measure for longer. */
export function ExtendModal({ x, opened, onClose }: { x: ExperimentView; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { by: writeDuration(x.plan.durationSeconds), reason: "" },
    validate: { by: (v) => ((parseDuration(v) ?? 0) > 0 ? null : "Write a time such as 30 min or 2 h.") },
  });
  const run = useMutation({
    mutationFn: ({ by, reason }: { by: string; reason: string }) => extend(x.id, parseDuration(by) ?? 0, reason),
    meta: { problemShown: true },
    onSuccess: async () => {
      showDone("It measures for longer; every host is told.");
      onClose();
      await queries.invalidateQueries({ queryKey: ["experiments"] });
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Measure for longer">
      <form onSubmit={form.onSubmit((v) => run.mutate(v))}>
        <Stack>
          <Text size="sm">
            It is planned for {duration(x.plan.durationSeconds)}. A host that cannot be reached ends the candidate at the earlier time and
            is missing from then on.
          </Text>
          <TextInput label="Longer by" data-autofocus {...form.getInputProps("by")} />
          <Textarea label="Reason" description="Stands in the audit log." autosize minRows={2} {...form.getInputProps("reason")} />
          {run.isError && <ProblemAlert error={run.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={run.isPending}>
              Extend
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
