import { Alert, SimpleGrid, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Figure } from "~/shared/components/Figure";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { count, counted, duration } from "~/shared/format/numbers";
import { taskSummary } from "./queries";

/** The queue in numbers. */
export function QueueSummary() {
  return (
    <QueryView query={useQuery(taskSummary)}>
      {(s) => (
        <>
          <SimpleGrid cols={{ base: 2, md: 4 }} mb="md">
            <Figure
              label="Queued"
              value={count(s.queued)}
              hint={s.waiting > 0 ? `${count(s.waiting)} of them wait for their next attempt.` : "None waits for a next attempt."}
            />
            <Figure label="Assigned" value={count(s.assigned)} hint={`Work for ${counted(s.hostsWithWork, "host")}.`} />
            <Figure
              label="Dead letters"
              value={count(s.deadLettered)}
              hint={
                s.deadLettered > 0 ? (
                  <PageLink to="/tasks" search={{ status: "deadLettered" }} fz="xs">
                    Show them
                  </PageLink>
                ) : (
                  "No task has failed for good."
                )
              }
            />
            <Figure
              label="Oldest that could be taken"
              value={duration(s.oldestQueuedSeconds)}
              hint={s.oldestQueuedSeconds === null ? "Nothing waits to be taken." : "Its host has not come for it."}
            />
          </SimpleGrid>
          {s.deadLettered > 0 && (
            <Alert
              variant="light"
              color="orange"
              icon={<IconAlertTriangle />}
              mb="md"
              title={`${counted(s.deadLettered, "task")} failed for good`}
            >
              <Text size="sm">
                Their errors are in the table. Requeue them once the cause is mended, or leave them: nothing waits for them but who reads
                this.
              </Text>
            </Alert>
          )}
        </>
      )}
    </QueryView>
  );
}
