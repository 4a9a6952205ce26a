import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "~/api/client";

/** A refusal or failure as the control plane words it, with what can be done. */
export function ProblemAlert({ error, onRetry, title }: { error: unknown; onRetry?: () => void; title?: string }) {
  const problem = error instanceof ApiError ? error : null;
  const heading =
    title ??
    (problem?.status === 403 ? "Your role does not allow this" : problem?.status === 404 ? "This is not there" : "This could not be read");
  return (
    <Alert
      color={problem?.status === 404 || problem?.status === 403 ? "yellow" : "red"}
      icon={<IconAlertTriangle />}
      title={heading}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
        <Group gap="sm">
          {onRetry !== undefined && (
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          {problem !== null && problem.status > 0 && <Code>{problem.code}</Code>}
        </Group>
      </Stack>
    </Alert>
  );
}
