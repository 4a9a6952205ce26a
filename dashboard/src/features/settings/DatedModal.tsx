import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";

interface Props<V extends { source: string; reason: string }> {
  title: string;
  form: UseFormReturnType<V>;
  save: (values: V) => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}

/** A form of the price book: whatever it says has a source and a reason, and a refusal stands at the field that it names. */
export function DatedModal<V extends { source: string; reason: string }>({ title, form, save, onClose, children }: Props<V>) {
  const run = useMutation({
    mutationFn: save,
    meta: { problemShown: true },
    onSuccess: () => {
      showDone("Saved.");
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field !== null && error.field in form.values) form.setFieldError(error.field, error.detail);
    },
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={form.onSubmit((v) => run.mutate(v))}>
        <Stack>
          {children}
          <TextInput
            label="Source"
            description="Such as an invoice or a contract's number."
            withAsterisk
            {...form.getInputProps("source")}
          />
          <TextInput label="Reason" description="Stands in the audit log." {...form.getInputProps("reason")} />
          {run.isError && <ProblemAlert error={run.error} title="This was not saved" />}
          <Group justify="flex-end">
            <Button type="submit" loading={run.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What a field of numbers says, null where it is empty. */
export const number = (value: number | string): number | null => (value === "" ? null : Number(value));

export const today = (): string => new Date().toISOString().slice(0, 10);
