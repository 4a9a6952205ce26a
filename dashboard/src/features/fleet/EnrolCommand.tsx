import { Alert, Button, Code, CopyButton, Group, Loader, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PageLink } from "~/shared/components/links";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { TimeText } from "~/shared/components/TimeText";
import { type Enrolment, serviceCommand, shellCommand } from "./enrolCommand";
import { HostStateBadge } from "./HostStateBadge";
import { hostIfThere } from "./queries";

const WATCH_MS = 2_000;

/** The command to run on the host, and whether the host has come. */
export function EnrolCommand({ enrolment, expiresAt }: { enrolment: Enrolment; expiresAt: string }) {
  const [how, setHow] = useState("shell");
  const command = how === "shell" ? shellCommand(enrolment) : serviceCommand(enrolment);
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="How the agent is started"
        value={how}
        onChange={setHow}
        data={[
          { value: "shell", label: "In a shell" },
          { value: "service", label: "As a systemd service" },
        ]}
      />
      <Text size="sm">
        {how === "shell"
          ? "Run this on the host. The agent runs until it is ended with Ctrl+C, and keeps its state in ~/.phoenix-agent."
          : "Run this on the host, where the unit of deploy/systemd is installed. It replaces /etc/phoenix-agent/agent.env."}
      </Text>
      <Code block tabIndex={0} aria-label="Command" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {command}
      </Code>
      <Group justify="space-between">
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button size="xs" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
              {copied ? "Copied" : "Copy the command"}
            </Button>
          )}
        </CopyButton>
        <Text size="sm" c="dimmed">
          The token is good until <TimeText at={expiresAt} />.
        </Text>
      </Group>
      <Arrival hostId={enrolment.hostId} />
    </Stack>
  );
}

function Arrival({ hostId }: { hostId: string }) {
  const {
    data: host,
    isError,
    error,
  } = useQuery({
    ...hostIfThere(hostId),
    refetchInterval: (query) => (query.state.data?.heartbeatAt ? false : WATCH_MS),
  });
  if (isError) return <ProblemAlert error={error} title="Whether the host has come is not known" />;
  if (!host)
    return (
      <Alert variant="light" color="gray" icon={<Loader size={18} />} title={`Waiting for ${hostId}`} role="status">
        It appears here by itself once its agent has enrolled. If it does not, the agent's output says why.
      </Alert>
    );
  return (
    <Alert variant="light" color="teal" icon={<IconServer />} title={`${hostId} is enrolled`} role="status">
      <Group gap="sm">
        <HostStateBadge state={host.state} />
        <Text size="sm">
          {host.operatingSystem} {host.architecture}, agent {host.agentVersion},{" "}
          {host.heartbeatAt === null ? "no heartbeat yet" : "its first figures have come"}.
        </Text>
        <PageLink fz="sm" to="/fleet/$hostId" params={{ hostId }}>
          Open the host
        </PageLink>
      </Group>
    </Alert>
  );
}
