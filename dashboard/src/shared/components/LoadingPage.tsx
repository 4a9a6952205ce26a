import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { me } from "~/shared/session/session";
import { TryingAgain } from "./TryingAgain";

/** In place of a page that is on its way. Before the first page it is asked who is signed in, and only looked at here how that goes. */
export function LoadingPage() {
  const { failureReason } = useQuery({ ...me, enabled: false });
  return (
    <Stack>
      <TryingAgain reason={failureReason} />
      <Stack role="status" aria-label="Loading">
        <Skeleton h={32} w={260} />
        <Skeleton h={120} />
        <Skeleton h={260} />
      </Stack>
    </Stack>
  );
}
