import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ProblemAlert } from "./ProblemAlert";
import { showDone } from "./showProblem";
import { useIsThere } from "./useIsThere";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen, to whom, and whether it can be taken back. */
  children?: ReactNode;
  confirm: string;
  danger?: boolean;
  /** Whether the control plane insists on a reason. */
  reasonRequired?: boolean;
  done: string;
  action: (reason: string) => Promise<unknown>;
  /** Told once it was done; who only closes the question is told by `onClose` alone. */
  onDone?: () => void;
}

/** Asks once more before something that matters, and why it is done: the reason stands in the audit log. */
export function ReasonModal(props: Props) {
  // Most are never asked: of those in rows of tables there are hundreds.
  const [asked, setAsked] = useState(false);
  if (props.opened && !asked) setAsked(true);
  return asked ? <Question {...props} /> : null;
}

function Question({ opened, onClose, title, children, confirm, danger = false, reasonRequired = false, done, action, onDone }: Props) {
  const form = useForm({
    initialValues: { reason: "" },
    validate: {
      reason: (v) =>
        reasonRequired && v.trim() === "" ? "Say why: it stands in the audit log." : v.length > 500 ? "At most 500 characters." : null,
    },
  });
  const run = useMutation({
    mutationFn: (reason: string) => action(reason),
    meta: { problemShown: true },
    onSuccess: () => {
      showDone(done);
      leave();
      onDone?.();
    },
  });
  const isThere = useIsThere();
  const leave = () => {
    run.reset();
    form.reset();
    onClose();
  };

  return (
    <Modal opened={opened && isThere} onClose={leave} title={title}>
      <form onSubmit={form.onSubmit(({ reason }) => run.mutate(reason.trim()))}>
        <Stack>
          {children !== undefined && (
            <Text size="sm" component="div">
              {children}
            </Text>
          )}
          <Textarea
            label="Reason"
            description="Stands in the audit log."
            autosize
            minRows={2}
            withAsterisk={reasonRequired}
            data-autofocus
            {...form.getInputProps("reason")}
          />
          {run.isError && <ProblemAlert error={run.error} title="This was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={leave}>
              Cancel
            </Button>
            <Button type="submit" color={danger ? "red" : undefined} loading={run.isPending}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
