import { Badge, Button, Group, List, Select, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { BackendCheckView, ComparisonOutcome } from "~/api/schema";
import { backends } from "~/shared/backends/queries";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { TimeText } from "~/shared/components/TimeText";
import { count, percent } from "~/shared/format/numbers";
import { backendCheck } from "../queries";

const route = getRouteApi("/_app/experiments/$id");

const OUTCOMES: Record<ComparisonOutcome, { label: string; color: string }> = {
  agrees: { label: "Agrees", color: "teal" },
  differs: { label: "Differs", color: "red" },
  notComparable: { label: "Not comparable", color: "gray" },
};

/** Asks the backend whether it counts what Phoenix counts; where none is defined there is nothing to ask. */
export function BackendPanel({ id }: { id: string }) {
  const defined = useQuery(backends).data ?? [];
  const { backend } = route.useSearch();
  const navigate = route.useNavigate();
  const check = useQuery({ ...backendCheck(id, backend ?? ""), enabled: backend !== undefined });
  if (defined.length === 0) return null;
  return (
    <Section
      title="Backend check"
      says="Asks the backend how many live series it has of each host, and holds it against what Phoenix counted of the production arm."
      right={
        <Group gap="xs">
          <Select
            aria-label="Backend"
            placeholder="Backend"
            w={180}
            value={backend ?? null}
            onChange={(b) =>
              void navigate({ search: (before) => ({ ...before, backend: b ?? undefined }), replace: true, resetScroll: false })
            }
            data={defined.map((b) => b.name)}
          />
          {backend !== undefined && (
            <Button variant="default" onClick={() => void check.refetch()} loading={check.isFetching}>
              Ask again
            </Button>
          )}
        </Group>
      }
    >
      {backend === undefined ? (
        <Text size="sm" c="dimmed">
          Choose a backend to ask it.
        </Text>
      ) : (
        <QueryView query={check}>{(view) => <Check view={view} />}</QueryView>
      )}
    </Section>
  );
}

function Check({ view }: { view: BackendCheckView }) {
  return (
    <>
      <Group gap="xs">
        <Outcome outcome={view.total.outcome} />
        <Text size="sm" className="numeric">
          Phoenix {count(view.total.phoenix)}, {view.backend} {count(view.total.backend)} live series, {percent(view.total.differencePct)}{" "}
          apart; {percent(view.tolerancePct)} is allowed. Asked <TimeText at={view.askedAt} />.
        </Text>
      </Group>
      {view.warnings.length > 0 && (
        <List size="sm">
          {view.warnings.map((w) => (
            <List.Item key={String(w)}>{String(w)}</List.Item>
          ))}
        </List>
      )}
      <Table.ScrollContainer minWidth={600}>
        <Table aria-label="Backend check by host" className="numeric">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Host</Table.Th>
              <Table.Th ta="right">Phoenix</Table.Th>
              <Table.Th ta="right">{view.backend}</Table.Th>
              <Table.Th ta="right">Apart</Table.Th>
              <Table.Th>Outcome</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {view.hosts.map((h) => (
              <Table.Tr key={h.hostId}>
                <Table.Td>{h.hostId}</Table.Td>
                <Table.Td ta="right">{count(h.phoenix?.series)}</Table.Td>
                <Table.Td ta="right">{count(h.backend?.series)}</Table.Td>
                <Table.Td ta="right">{percent(h.differencePct)}</Table.Td>
                <Table.Td>
                  <Outcome outcome={h.outcome} />
                  {h.reasons.map((r) => (
                    <Text size="xs" c="dimmed" key={r.code}>
                      {r.detail}
                    </Text>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function Outcome({ outcome }: { outcome: ComparisonOutcome }) {
  const { label, color } = OUTCOMES[outcome];
  return (
    <Badge variant="default" tt="none" style={{ borderColor: `var(--mantine-color-${color}-outline)` }}>
      {label}
    </Badge>
  );
}
