import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Created, ExperimentView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { clone } from "./commands";

/** A new draft with the same design. */
export function CloneModal({ x, opened, onClose }: { x: ExperimentView; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: `${x.name} again`.slice(0, 100), reason: "" } });
  const run = useMutation({
    mutationFn: ({ name, reason }: { name: string; reason: string }) => clone(x.id, name, reason),
    meta: { problemShown: true },
    onSuccess: async (made) => {
      showDone("The draft was written down.");
      onClose();
      await queries.invalidateQueries({ queryKey: ["experiments"] });
      await navigate({ to: "/experiments/$id", params: { id: (made as Created).id } });
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Clone the design">
      <form onSubmit={form.onSubmit((v) => run.mutate(v))}>
        <Stack>
          <Text size="sm">A new draft with this experiment's pipelines, hosts, plan and criteria. It is not started.</Text>
          <TextInput label="Name" data-autofocus {...form.getInputProps("name")} />
          <Textarea label="Reason" description="Stands in the audit log." autosize minRows={2} {...form.getInputProps("reason")} />
          {run.isError && <ProblemAlert error={run.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={run.isPending}>
              Clone
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
