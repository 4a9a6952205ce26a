import { Button, Card, Group, Stack, Switch, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconArrowsDiff, IconPrinter, IconScale } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Fragment } from "react";
import { EmptyState } from "~/shared/components/EmptyState";
import { LoadingPage } from "~/shared/components/LoadingPage";
import { PageButton, PageLink } from "~/shared/components/links";
import { PageHeader } from "~/shared/components/PageHeader";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { cost } from "~/shared/experiments/queries";
import { experiment } from "../queries";
import { type Compared, compare, differing } from "./compareRows";
import { idsOf } from "./compareSearch";
import { ReductionChart } from "./ReductionChart";

const route = getRouteApi("/_app/experiments/compare");

/** Experiments side by side, with what differs marked; made to be printed too. */
export function ComparePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const ids = idsOf(search);
  const reads = useQueries({ queries: ids.map((id) => experiment(id)) });
  const costs = useQueries({ queries: ids.map((id) => cost(id, null)) });
  const failed = reads.find((read) => read.isError);
  const waiting = reads.some((read) => read.isPending);
  const all = reads.flatMap((read, i): Compared[] =>
    read.data === undefined ? [] : [{ experiment: read.data, cost: costs[i]?.data ?? null, costProblem: costs[i]?.error?.message ?? null }],
  );

  return (
    <Stack gap="md">
      <PageHeader
        title="Compare experiments"
        description={all.length > 1 ? "Rows in which they differ are marked." : undefined}
        actions={
          <>
            {all.length > 1 && (
              <Switch
                label="Only what differs"
                checked={search.differing === true}
                onChange={(event) => {
                  const only = event.currentTarget.checked || undefined;
                  void navigate({ search: (now) => ({ ...now, differing: only }), replace: true, resetScroll: false });
                }}
              />
            )}
            <PageButton to="/experiments" search={{ picked: ids.join(",") || undefined }} variant="default">
              Pick others
            </PageButton>
            <Button variant="default" leftSection={<IconPrinter size={16} />} onClick={() => window.print()}>
              Print
            </Button>
          </>
        }
      />
      {failed !== undefined && <ProblemAlert error={failed.error} onRetry={() => void failed.refetch()} />}
      {waiting && <LoadingPage />}
      {!waiting && ids.length < 2 && (
        <EmptyState icon={<IconScale />} title="Pick two to four experiments">
          Tick them in the list of experiments, and choose Compare.
        </EmptyState>
      )}
      {!waiting && all.length > 1 && (
        <>
          <Card className="print-avoid-break">
            <Title order={2} mb="xs">
              Reduction of live series
            </Title>
            <ReductionChart all={all} />
          </Card>
          <SideBySide all={all} onlyDiffering={search.differing === true} />
        </>
      )}
    </Stack>
  );
}

function SideBySide({ all, onlyDiffering }: { all: Compared[]; onlyDiffering: boolean }) {
  const sections = compare(all);
  const shown = onlyDiffering ? differing(sections) : sections;
  return (
    <Table.ScrollContainer
      minWidth={180 + 230 * all.length}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "region", "aria-label": "Experiments side by side" } }}
    >
      <Table layout="fixed" withTableBorder className="numeric" aria-label="Experiments side by side">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={200}>
              <VisuallyHidden>What is compared</VisuallyHidden>
            </Table.Th>
            {all.map(({ experiment: x }) => (
              <Table.Th key={x.id} scope="col" style={{ overflowWrap: "anywhere" }}>
                <PageLink to="/experiments/$id" params={{ id: x.id }}>
                  {x.name}
                </PageLink>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((section) => (
            <Fragment key={section.title}>
              <Table.Tr>
                <Table.Th colSpan={all.length + 1} scope="rowgroup" bg="var(--mantine-color-default-hover)">
                  {section.title}
                </Table.Th>
              </Table.Tr>
              {section.rows.map((row) => (
                <Table.Tr key={row.label} className="print-avoid-break">
                  <Table.Th scope="row" fw={row.differs ? 700 : 400} style={{ verticalAlign: "top" }}>
                    <Group gap={6} wrap="nowrap" align="flex-start">
                      {row.differs && <IconArrowsDiff size={14} aria-hidden style={{ flexShrink: 0, marginTop: 3 }} />}
                      <span>
                        {row.label}
                        {row.differs && <VisuallyHidden> (differs)</VisuallyHidden>}
                      </span>
                    </Group>
                  </Table.Th>
                  {row.cells.map((cell, i) => (
                    <Table.Td
                      key={all[i]?.experiment.id}
                      bg={row.differs ? "var(--mantine-primary-color-light)" : undefined}
                      style={{ overflowWrap: "anywhere", verticalAlign: "top" }}
                    >
                      {cell}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
      {shown.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" p="md">
          They differ in nothing that is compared here.
        </Text>
      )}
    </Table.ScrollContainer>
  );
}
