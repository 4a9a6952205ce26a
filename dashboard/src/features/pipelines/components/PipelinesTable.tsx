import { Badge, Group, Text, TextInput } from "@mantine/core";
import { IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { PipelineUse, PipelineView } from "~/api/schema";
import type { Moment } from "~/shared/as-of/moments";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageButton, PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { count, UNKNOWN } from "~/shared/format/numbers";
import { pipelines } from "~/shared/pipelines/queries";
import { pipelineUses } from "../queries";
import { usesOf, usesText } from "../uses";

const route = getRouteApi("/_app/pipelines/");
const column = createColumnHelper<PipelineView>();

export function PipelinesTable() {
  const { find = "", sort } = route.useSearch();
  const navigate = route.useNavigate();
  const { at } = useAsOf();
  const list = useQuery(pipelines(at));
  const uses = useQuery(pipelineUses);
  const columns = useMemo(() => columnsWith(uses.data, at), [uses.data, at]);
  return (
    <QueryView query={list}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            icon={<IconRoute />}
            title="There is no pipeline yet"
            action={
              <PageButton to="/pipelines" search={{ tab: "catalogue" }}>
                Open the catalogue
              </PageButton>
            }
          >
            A pipeline is a collector configuration. The catalogue has templates that were measured on recorded input; fill one in and save
            it.
          </EmptyState>
        ) : (
          <>
            <TextInput
              mb="sm"
              maw={360}
              aria-label="Find by name"
              placeholder="Find by name"
              leftSection={<IconSearch size={16} />}
              value={find}
              onChange={(e) => {
                const wanted = e.currentTarget.value;
                void navigate({ search: (s) => ({ ...s, find: wanted === "" ? undefined : wanted }), replace: true });
              }}
            />
            <DataTable
              label="Pipelines"
              rows={items.filter((p) => p.name.toLowerCase().includes(find.toLowerCase()))}
              columns={columns}
              rowId={(p) => p.id}
              minWidth={720}
              order={sort}
              onOrderChange={(next) => void navigate({ search: (s) => ({ ...s, sort: next }), replace: true })}
              height={items.length > 100 ? "65vh" : undefined}
              empty={
                <Text c="dimmed" ta="center" size="sm">
                  No pipeline has this in its name.
                </Text>
              }
            />
          </>
        )
      }
    </QueryView>
  );
}

/** Where pipelines ran at a moment of the past is told nowhere, so that column is for now alone. */
const columnsWith = (uses: PipelineUse[] | undefined, at: Moment | null) => [
  column.accessor("name", {
    header: "Name",
    cell: ({ row: { original: p } }) => (
      <Group gap="xs" wrap="nowrap">
        <PageLink to="/pipelines/$id" params={{ id: p.id }} search={{ at: at ?? undefined }} fw={600} style={{ overflowWrap: "anywhere" }}>
          {p.name}
        </PageLink>
        {p.deprecated && (
          <Badge color="gray" variant="outline">
            Deprecated
          </Badge>
        )}
      </Group>
    ),
  }),
  column.accessor("latestVersion", { header: "Versions", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
  column.accessor((p) => p.versions.at(-1)?.publishedAt, {
    id: "published",
    header: "Latest published",
    cell: (c) => <TimeText at={c.getValue()} />,
  }),
  column.accessor((p) => p.versions.at(-1)?.template ?? "", {
    id: "template",
    header: "Template",
    cell: (c) =>
      c.getValue() === "" ? (
        <Text span size="sm" c="dimmed">
          written by hand
        </Text>
      ) : (
        <PageLink to="/pipelines" search={{ tab: "catalogue", template: c.getValue() }}>
          {c.getValue()}
        </PageLink>
      ),
  }),
  ...(at === null ? [runsOn(uses)] : []),
];

const runsOn = (uses: PipelineUse[] | undefined) =>
  column.accessor((p) => usesOf(uses, p.id).reduce((sum, u) => sum + u.hosts, 0), {
    id: "hosts",
    header: "Runs on",
    cell: ({ row: { original: p } }) =>
      uses === undefined ? (
        UNKNOWN
      ) : usesOf(uses, p.id).length === 0 ? (
        <Text span size="sm" c="dimmed">
          no host
        </Text>
      ) : (
        <PageLink to="/pipelines/$id" params={{ id: p.id }} search={{ tab: "hosts" }}>
          {usesText(usesOf(uses, p.id))}
        </PageLink>
      ),
  });
