import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

interface Props {
  base: number;
  newer: number;
  /** Left out where there is something to be finished first. */
  onBeginWithIt?: () => void;
}

/** Says that what is written stands on a version that is the latest no more: publishing it takes back what the newer one changed. */
export function PublishedMeanwhile({ base, newer, onBeginWithIt }: Props) {
  return (
    <Alert color="yellow" icon={<IconAlertTriangle />} title={`Version ${newer} was published meanwhile`} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          What you have written is kept; it stands on version {base}. Published, it becomes version {newer + 1}, without what came after
          version {base}.
        </Text>
        {onBeginWithIt !== undefined && (
          <Button size="xs" variant="default" onClick={onBeginWithIt}>
            Start over with version {newer}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
