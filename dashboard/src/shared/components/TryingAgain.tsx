import { Alert } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";

/** Why there is no answer yet, while it is asked for again: else a skeleton would look like a slow answer for minutes. */
export function TryingAgain({ reason }: { reason: Error | null }) {
  if (reason === null) return null;
  return (
    <Alert color="yellow" icon={<IconCloudOff />} title="The control plane does not answer" role="status">
      It is asked again until it does; nothing has to be done here. ({reason.message})
    </Alert>
  );
}
