import { Card, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PageLink } from "~/shared/components/links";
import { count } from "~/shared/format/numbers";
import { purposeKey, purposeLabel } from "~/shared/tasks/words";
import { taskSummary } from "./queries";
import { STATUSES, tasksSearch } from "./search";

/** How much of what is in the queue; each number is a filter. */
export function PurposeTable() {
  const summary = useQuery(taskSummary).data;
  if (summary === undefined) return null;
  const purposes = Object.entries(summary.byPurpose);
  return (
    <Card component="section" aria-label="Queue by purpose">
      <Title order={2} mb="xs">
        In the queue
      </Title>
      {purposes.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing is queued, assigned or dead-lettered.
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={360} type="native">
          <Table className="numeric">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Purpose</Table.Th>
                <Table.Th scope="col" ta="right">
                  Queued
                </Table.Th>
                <Table.Th scope="col" ta="right">
                  Assigned
                </Table.Th>
                <Table.Th scope="col" ta="right">
                  Dead letters
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {purposes.map(([purpose, counts]) => (
                <Table.Tr key={purpose}>
                  <Table.Th scope="row" fw={500}>
                    {purposeLabel(purpose)}
                  </Table.Th>
                  {STATUSES.map((status) => (
                    <Table.Td key={status} ta="right">
                      {counts[status] === 0 ? (
                        0
                      ) : (
                        <PageLink to="/tasks" search={tasksSearch({ purpose: purposeKey(purpose), status })}>
                          {count(counts[status])}
                        </PageLink>
                      )}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Card>
  );
}
