import { ActionIcon, Badge, Code, Group, Slider, Stack, Table, Text, Title, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { PageLink } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { named, streamNamed } from "~/shared/events/sentences";
import { useActorName } from "~/shared/people/people";
import { changes } from "./changes";
import { stream, streamAt } from "./queries";

const route = getRouteApi("/_app/audit/streams/$id");
const MOST_SHOWN = 200;
/** Data may have no place to break a line at. */
const BROKEN = { overflowWrap: "anywhere" } as const;

/** A stream step by step: what each event was, and what it changed in what the events make together. */
export function ReplayPage() {
  const { id } = route.useParams();
  const { version } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(stream(id));
  const last = query.data?.version ?? 1;
  const shown = Math.min(Math.max(1, version ?? last), last);
  const to = (next: number) => void navigate({ search: { version: next }, replace: true });
  // The control plane replays the stream for each step: it is asked where the drag ends, not on the way.
  const [dragged, setDragged] = useState<number | null>(null);

  return (
    <>
      <PageHeader
        title={`Replay of ${query.data?.type ? streamNamed(query.data.type) : "a stream"}`}
        description={
          <PageLink to="/audit" search={{ streamId: id }}>
            {id}
          </PageLink>
        }
      />
      <QueryView query={query}>
        {() => (
          <Stack>
            <Group wrap="nowrap">
              <Tooltip label="The event before">
                <ActionIcon variant="default" onClick={() => to(shown - 1)} disabled={shown <= 1} aria-label="The event before">
                  <IconChevronLeft size={16} />
                </ActionIcon>
              </Tooltip>
              <Slider
                style={{ flex: 1 }}
                min={1}
                max={Math.max(2, last)}
                disabled={last === 1}
                value={dragged ?? shown}
                onChange={setDragged}
                onChangeEnd={(next) => {
                  setDragged(null);
                  to(next);
                }}
                label={(v) => `Event ${v}`}
                thumbLabel="Event of the stream"
              />
              <Tooltip label="The next event">
                <ActionIcon variant="default" onClick={() => to(shown + 1)} disabled={shown >= last} aria-label="The next event">
                  <IconChevronRight size={16} />
                </ActionIcon>
              </Tooltip>
              <Text size="sm" className="numeric" style={{ whiteSpace: "nowrap" }}>
                {dragged ?? shown} of {last}
              </Text>
            </Group>
            <Step id={id} version={shown} />
          </Stack>
        )}
      </QueryView>
    </>
  );
}

function Step({ id, version }: { id: string; version: number }) {
  const nameOf = useActorName();
  const now = useQuery({ ...streamAt(id, version), placeholderData: keepPreviousData });
  const before = useQuery({ ...streamAt(id, version - 1), enabled: version > 1 });
  const state = now.data?.state;
  const earlier = version > 1 ? before.data?.state : {};
  const changed = useMemo(
    () => (state === undefined || earlier === undefined ? [] : changes(earlier ?? {}, state ?? {})),
    [state, earlier],
  );

  return (
    <QueryView query={now}>
      {(step) => (
        <Stack>
          <Group gap="sm">
            <Title order={2}>{named(step.eventType)}</Title>
            <Badge variant="default">{nameOf(step.actor)}</Badge>
            <TimeText at={step.at} />
            {step.reason && <Text size="sm">{step.reason}</Text>}
          </Group>
          <Title order={3}>What it changed</Title>
          {step.stateMissing ? (
            <Text size="sm">{step.stateMissing}</Text>
          ) : (
            <Table.ScrollContainer minWidth={520}>
              <Table aria-label="What the event changed">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Where</Table.Th>
                    <Table.Th>Before</Table.Th>
                    <Table.Th>After</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {changed.slice(0, MOST_SHOWN).map((change) => (
                    <Table.Tr key={change.path}>
                      <Table.Td>
                        <Code>{change.path}</Code>
                      </Table.Td>
                      <Table.Td style={BROKEN}>{told(change.before)}</Table.Td>
                      <Table.Td style={BROKEN}>{told(change.after)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
          {changed.length > MOST_SHOWN && <Text size="sm">And {changed.length - MOST_SHOWN} more places.</Text>}
          <Title order={3}>The event</Title>
          <Code block tabIndex={0}>
            {JSON.stringify(step.event, null, 2)}
          </Code>
          {!step.stateMissing && (
            <>
              <Title order={3}>The whole state after it</Title>
              <Code block tabIndex={0} mah={480} style={{ overflow: "auto" }}>
                {JSON.stringify(step.state, null, 2)}
              </Code>
            </>
          )}
        </Stack>
      )}
    </QueryView>
  );
}

const told = (value: unknown): string => (value === undefined ? "(not there)" : typeof value === "string" ? value : JSON.stringify(value));
