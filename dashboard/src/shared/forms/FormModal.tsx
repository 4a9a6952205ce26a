import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { showDone } from "~/shared/components/showProblem";

interface Props<V extends { reason: string }, R> {
  title: string;
  form: UseFormReturnType<V>;
  /** What the button says. */
  confirm: string;
  save: (values: V) => Promise<R>;
  /** What is said once it is done. */
  done: string;
  onSaved?: (result: R) => unknown;
  onClose: () => void;
  size?: string;
  children: ReactNode;
}

/** A change with several fields and its reason. A refusal stands whole below them, and at the field that it names. */
export function FormModal<V extends { reason: string }, R>({
  title,
  form,
  confirm,
  save,
  done,
  onSaved,
  onClose,
  size,
  children,
}: Props<V, R>) {
  const run = useMutation({
    mutationFn: save,
    meta: { problemShown: true },
    onSuccess: async (result) => {
      showDone(done);
      onClose();
      await onSaved?.(result);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field !== null && error.field in form.values) form.setFieldError(error.field, error.detail);
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} size={size}>
      <form onSubmit={form.onSubmit((v) => run.mutate(v))}>
        <Stack>
          {children}
          <Textarea label="Reason" description="Stands in the audit log." autosize {...form.getInputProps("reason")} />
          {run.isError && <ProblemAlert error={run.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={run.isPending}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
