import { Button, Card, Stack, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { DeploymentView, WaveJudged } from "~/api/schema";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { judgementsOf } from "./history";
import { history } from "./queries";
import { StateBadge } from "./StateBadge";
import { GATE_KINDS, OUTCOMES } from "./states";

/** What was measured after each wave, and how it was judged; the last one comes with the deployment, those before from its events. */
export function GateCard({ deployment }: { deployment: DeploymentView }) {
  const events = useInfiniteQuery(history(deployment.id));
  return (
    <Card component="section" aria-label="Gate">
      <Title order={2} mb="sm">
        Gate
      </Title>
      <PagesView query={events}>
        {(read) => {
          const shown = judgementsOf(read, deployment.judged);
          return (
            <>
              {shown.length === 0 && !events.hasNextPage && (
                <Text size="sm" c="dimmed">
                  No wave was judged yet. It is when a wave is done and has soaked, or before where data does not leave or the ledger does
                  not agree.
                </Text>
              )}
              <Stack>
                {shown.map(({ at, judged }) => (
                  <Judgement key={`${judged.wave}${at}`} judged={judged} at={at} />
                ))}
              </Stack>
              {events.hasNextPage && (
                <Button
                  variant="subtle"
                  size="compact-sm"
                  mt="sm"
                  loading={events.isFetchingNextPage}
                  onClick={() => void events.fetchNextPage()}
                >
                  Look for earlier judgements
                </Button>
              )}
            </>
          );
        }}
      </PagesView>
    </Card>
  );
}

function Judgement({ judged, at }: { judged: WaveJudged; at: string | null }) {
  return (
    <div>
      <Title order={3}>
        Wave {judged.wave}
        {at !== null && (
          <Text span size="sm" c="dimmed" fw={400}>
            {" "}
            <TimeText at={at} />
          </Text>
        )}
      </Title>
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={`Checks of wave ${judged.wave}`}>
          <Table.Tbody>
            {judged.checks.map((check) => (
              <Table.Tr key={check.kind}>
                <Table.Th scope="row" w={130}>
                  {GATE_KINDS[check.kind]}
                </Table.Th>
                <Table.Td w={160}>
                  <StateBadge of={OUTCOMES[check.outcome]} />
                </Table.Td>
                <Table.Td>{check.detail}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}
