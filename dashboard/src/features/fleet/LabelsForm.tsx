import { Button, Group, Modal, Stack, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { AgentView, LabelAgentRequest } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { refusedField } from "~/shared/forms/refusedField";
import { fromLines, linesProblem, toLines } from "./labels";
import { labelsOf } from "./queries";

/** Sets all labels of a host. */
export function LabelsForm({ host, onClose }: { host: AgentView; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { labels: toLines(labelsOf(host)), reason: "" },
    validate: { labels: linesProblem, reason: (v) => (v.length > 500 ? "At most 500 characters." : null) },
  });
  const save = useMutation({
    mutationFn: ({ labels, reason }: typeof form.values) =>
      call(
        api.PUT("/api/v2/agents/{hostId}/labels", {
          params: { path: { hostId: host.hostId } },
          body: { labels: fromLines(labels) as unknown as LabelAgentRequest["labels"], reason },
        }),
      ),
    meta: { problemShown: true },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["fleet"] });
      void queries.invalidateQueries({ queryKey: ["groups"] });
      showDone(`${host.hostId} has these labels.`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Labels of ${host.hostId}`}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TagsInput
            label="Labels"
            description="As role=web; press Enter after each. Groups and selectors follow at once; hosts of a running experiment stay in it."
            data-autofocus
            acceptValueOnBlur
            splitChars={[",", " "]}
            {...form.getInputProps("labels")}
            error={form.errors.labels ?? refusedField(save.error, "labels")}
          />
          <TextInput label="Reason" description="Stands in the audit log." {...form.getInputProps("reason")} />
          {save.isError && refusedField(save.error, "labels") === null && <ProblemAlert error={save.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Set the labels
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
