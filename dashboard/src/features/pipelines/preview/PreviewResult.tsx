import { Alert, Badge, Card, Group, Loader, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { PreviewView } from "~/api/schema";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { PreviewSummaryView } from "~/shared/previews/PreviewSummaryView";
import { preview } from "~/shared/previews/queries";
import { summarise } from "~/shared/previews/summarise";

const STATES: Record<PreviewView["state"], string> = {
  queued: "Waiting for the host",
  assigned: "The host is at it",
  succeeded: "Done",
  deadLettered: "Failed",
  cancelled: "Cancelled",
};

/** What one host says of the text that it was asked about, which may be older than the one in the editor. */
export function PreviewResult({ id, price }: { id: string; price: string | undefined }) {
  return <QueryView query={useQuery(preview(id))}>{(view) => <Result view={view} price={price} />}</QueryView>;
}

function Result({ view, price }: { view: PreviewView; price: string | undefined }) {
  const summary = summarise([view]);
  return (
    <Card component="article" aria-label={`Preview on ${view.hostId}`}>
      <Group justify="space-between" mb="xs">
        <Title order={3}>
          <PageLink to="/fleet/$hostId" params={{ hostId: view.hostId }}>
            {view.hostId}
          </PageLink>
        </Title>
        <Badge variant="light" color={view.state === "succeeded" ? "teal" : view.state === "deadLettered" ? "red" : "gray"}>
          {STATES[view.state]}
        </Badge>
      </Group>
      {summary !== null ? (
        <PreviewSummaryView summary={summary} price={price} />
      ) : view.error ? (
        <Alert
          color="red"
          icon={<IconAlertTriangle />}
          title={view.state === "deadLettered" ? "The host could not preview it" : "The last attempt failed; it is tried again"}
        >
          {view.error}
        </Alert>
      ) : view.state === "cancelled" ? (
        <Text size="sm">The task was cancelled before the host answered.</Text>
      ) : (
        <Group gap="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">The host takes it with its next poll, and needs some seconds.</Text>
        </Group>
      )}
    </Card>
  );
}
