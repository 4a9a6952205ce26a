import { Button, Group, Modal, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";

/** Asks before what was written is left, since it is kept nowhere. What stays on the page (a chosen component, a preview) does not leave it. */
export function LeaveDraft({ isDirty }: { isDirty: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => {
      const tab = (search: unknown) => (search as { tab?: string; version?: number }) ?? {};
      const leaves =
        current.pathname !== next.pathname ||
        tab(current.search).tab !== tab(next.search).tab ||
        tab(current.search).version !== tab(next.search).version;
      return isDirty && leaves;
    },
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Modal opened={status === "blocked"} onClose={() => reset?.()} title="Leave what you have written?">
      <Text size="sm">The text is not published, and is lost when you leave.</Text>
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
