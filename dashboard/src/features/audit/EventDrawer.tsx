import { Button, Code, Drawer, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { AuditEntry } from "~/api/schema";
import { PageButton } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { named, streamNamed } from "~/shared/events/sentences";
import { useActorName } from "~/shared/people/people";
import { event } from "./queries";
import type { AuditSearch } from "./search";

interface Props {
  sequence: number | undefined;
  onOpen: (sequence: number | undefined) => void;
  onFilter: (change: Partial<AuditSearch>) => void;
}

/** One event, with what led to it and what it led to. */
export function EventDrawer({ sequence, onOpen, onFilter }: Props) {
  const query = useQuery({ ...event(sequence ?? 0), enabled: sequence !== undefined });
  return (
    <Drawer
      opened={sequence !== undefined}
      onClose={() => onOpen(undefined)}
      position="right"
      size="lg"
      title={sequence === undefined ? "" : `Event ${sequence}`}
      closeButtonProps={{ "aria-label": "Close the event" }}
    >
      <QueryView query={query}>
        {({ event: found, cause, effects, correlated, truncated }) => (
          <Stack>
            <Title order={2}>{named(found.type)}</Title>
            <Facts entry={found} />
            <Group gap="xs">
              <PageButton
                size="xs"
                variant="light"
                leftSection={<IconPlayerPlay size={14} />}
                to="/audit/streams/$id"
                params={{ id: found.streamId }}
                search={{ version: found.streamVersion }}
              >
                Replay from here
              </PageButton>
              <Button size="xs" variant="default" onClick={() => onFilter({ streamId: found.streamId })}>
                Only this {found.streamType === null ? "stream" : streamNamed(found.streamType).toLowerCase()}
              </Button>
              {found.experimentId !== null && (
                <Button size="xs" variant="default" onClick={() => onFilter({ experimentId: found.experimentId ?? undefined })}>
                  Only its experiment
                </Button>
              )}
              {found.correlationId && (
                <Button size="xs" variant="default" onClick={() => onFilter({ correlationId: found.correlationId ?? undefined })}>
                  Only this request
                </Button>
              )}
            </Group>
            <Title order={3}>Data</Title>
            <Code block tabIndex={0}>
              {JSON.stringify(found.data, null, 2)}
            </Code>
            <Related
              title="Followed from"
              entries={cause === null ? [] : [cause]}
              none="A request, or a timer that no event had set."
              onOpen={onOpen}
            />
            <Related title="Led to" entries={effects} none="Nothing that is noted." onOpen={onOpen} />
            <Related title="Of the same request" entries={correlated} none="Nothing else." onOpen={onOpen} />
            {truncated && (
              <Text size="xs" c="dimmed">
                There are more: filter by this request.
              </Text>
            )}
          </Stack>
        )}
      </QueryView>
    </Drawer>
  );
}

function Facts({ entry }: { entry: AuditEntry }) {
  const nameOf = useActorName();
  const facts: [string, React.ReactNode][] = [
    ["When", <TimeText key="at" at={entry.timestamp} />],
    ["Who", `${nameOf(entry.actor)}${entry.verification ? ` (${entry.verification})` : ""}`],
    ["Why", entry.reason || "No reason was given."],
    ["Of", `${streamNamed(entry.streamType)} ${entry.streamId}, its event number ${entry.streamVersion}`],
  ];
  return (
    <Table variant="vertical" layout="fixed">
      <Table.Tbody>
        {facts.map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th w={80}>{label}</Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Related({
  title,
  entries,
  none,
  onOpen,
}: {
  title: string;
  entries: AuditEntry[];
  none: string;
  onOpen: (sequence: number) => void;
}) {
  return (
    <Stack gap={4}>
      <Title order={3}>{title}</Title>
      {entries.length === 0 && (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
      {entries.map((e) => (
        <Button key={e.sequence} variant="subtle" size="compact-sm" justify="flex-start" onClick={() => onOpen(e.sequence)}>
          {e.sequence} · {named(e.type)} · {streamNamed(e.streamType)}
        </Button>
      ))}
    </Stack>
  );
}
