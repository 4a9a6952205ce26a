import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiError, api, call } from "~/api/client";
import type { Created, TemplateRequest } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";

export type Definition = { configuration: string } | { template: { name: string; parameters: Record<string, unknown> } };

/** Of a definition the part of a request that says it. */
export const definitionBody = (definition: Definition): { configuration: string; template: TemplateRequest | null } =>
  "configuration" in definition
    ? { configuration: definition.configuration, template: null }
    : {
        configuration: "",
        template: { name: definition.template.name, parameters: definition.template.parameters as Record<string, never> },
      };

interface Props {
  definition: Definition;
  proposedName?: string;
  onClose: () => void;
  onSaved?: () => void;
}

/** Names a pipeline and publishes its first version. */
export function SavePipeline({ definition, proposedName = "", onClose, onSaved }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: proposedName, description: "", reason: "" } });
  const save = useMutation({
    mutationFn: async (v: typeof form.values) =>
      (await call(api.POST("/api/v2/pipelines", { body: { ...v, ...definitionBody(definition) } }))) as Created,
    meta: { problemShown: true },
    onSuccess: async ({ id, version }, { name }) => {
      onSaved?.();
      await queries.invalidateQueries({ queryKey: ["pipelines"] });
      showDone(`${name} is saved, with version ${version}.`);
      void navigate({ to: "/pipelines/$id", params: { id } });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field !== null && error.field in form.values) form.setFieldError(error.field, error.detail);
    },
  });
  return (
    <Modal opened onClose={onClose} title="Save as pipeline">
      <form onSubmit={form.onSubmit((v) => save.mutate(v))}>
        <Stack>
          <TextInput label="Name" withAsterisk data-autofocus {...form.getInputProps("name")} />
          <Textarea label="Description" autosize {...form.getInputProps("description")} />
          <Textarea label="Reason" description="Stands in the audit log." autosize {...form.getInputProps("reason")} />
          {save.isError && <ProblemAlert error={save.error} title="It was not saved" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
