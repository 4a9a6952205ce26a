import { Button, Group, Modal, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface Address {
  pathname: string;
  search: object;
}

interface Props {
  /** Whether something was written that is kept nowhere. */
  isDirty: boolean;
  /** Whether who goes from one address to the other leaves it behind. */
  leaves: (from: Address, to: Address) => boolean;
  /** What becomes of it. */
  children: ReactNode;
}

/** Asks before what was written is left. Closing the browser's tab asks too, in the browser's own words. */
export function LeaveQuestion({ isDirty, leaves, children }: Props) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && leaves(current, next),
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Modal opened={status === "blocked"} onClose={() => reset?.()} title="Leave what you have written?">
      <Text size="sm">{children}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => reset?.()}>
          Stay
        </Button>
        <Button color="red" onClick={() => proceed?.()}>
          Leave
        </Button>
      </Group>
    </Modal>
  );
}
