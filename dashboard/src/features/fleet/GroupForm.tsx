import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { GroupView } from "~/api/schema";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";
import { counted } from "~/shared/format/numbers";
import { refusedField } from "~/shared/forms/refusedField";
import { matching } from "~/shared/hosts/queries";

/** Names a label selector, or changes what a name means. */
export function GroupForm({ group, onClose }: { group?: GroupView; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { name: group?.name ?? "", selector: group?.selector ?? "", description: group?.description ?? "", reason: "" },
    validate: {
      name: (v) => (v.trim() === "" ? "Name the group." : null),
      selector: (v) => (v.trim() === "" ? "Write a selector, such as role=web." : null),
      reason: (v) => (v.length > 500 ? "At most 500 characters." : null),
    },
  });
  const define = useMutation({
    mutationFn: ({ name, ...body }: typeof form.values) =>
      call(api.PUT("/api/v2/groups/{name}", { params: { path: { name: name.trim() } }, body })),
    meta: { problemShown: true },
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["groups"] });
      showDone(`Group ${(made as GroupView).name} has ${counted((made as GroupView).hosts, "host")} now.`);
      onClose();
    },
  });
  const [selector] = useDebouncedValue(form.values.selector.trim(), 300);
  const found = useQuery({ ...matching(selector), enabled: selector !== "", placeholderData: keepPreviousData });
  const shown = refusedField(define.error, "name", "selector", "description");

  return (
    <Modal opened onClose={onClose} title={group === undefined ? "Define a group" : `Change group ${group.name}`}>
      <form onSubmit={form.onSubmit((values) => define.mutate(values))}>
        <Stack>
          <TextInput
            label="Name"
            disabled={group !== undefined}
            data-autofocus={group === undefined}
            {...form.getInputProps("name")}
            error={form.errors.name ?? refusedField(define.error, "name")}
          />
          <TextInput
            label="Label selector"
            description="As role=web,env in (staging,test),!legacy"
            {...form.getInputProps("selector")}
            error={
              form.errors.selector ??
              refusedField(define.error, "selector") ??
              (found.isError && selector !== "" ? found.error.message : null)
            }
          />
          {found.data !== undefined && selector !== "" && !found.isError && (
            <Text size="sm" c="dimmed" role="status">
              {found.data.andMore ? "More than " : ""}
              {counted(found.data.hosts, "host")} with these labels now.
            </Text>
          )}
          <TextInput
            label="Description"
            {...form.getInputProps("description")}
            error={form.errors.description ?? refusedField(define.error, "description")}
          />
          <TextInput label="Reason" description="Stands in the audit log." {...form.getInputProps("reason")} />
          {define.isError && shown === null && <ProblemAlert error={define.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={define.isPending}>
              {group === undefined ? "Define" : "Change"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
