import { Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import type { PipelineUse, PipelineVersionView, PipelineView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { TimeText } from "~/shared/components/TimeText";
import { count, UNKNOWN } from "~/shared/format/numbers";
import { versionText } from "~/shared/pipelines/queries";
import { YamlDiff } from "../editor/YamlDiff";
import { pipelineUses } from "../queries";
import { usesOf } from "../uses";
import { VersionSelect } from "./VersionSelect";

const route = getRouteApi("/_app/pipelines/$id");
const column = createColumnHelper<PipelineVersionView>();

/** Every version that was published, and what differs between any two of them. */
export function VersionsTab({ pipeline: p }: { pipeline: PipelineView }) {
  const uses = useQuery(pipelineUses).data;
  const columns = useMemo(() => columnsOf(p, uses === undefined ? undefined : usesOf(uses, p.id)), [p, uses]);
  const { to = p.latestVersion, from = Math.max(1, to - 1), sort } = route.useSearch();
  const navigate = route.useNavigate();
  const before = useQuery(versionText(p.id, from));
  const after = useQuery(versionText(p.id, to));
  return (
    <Stack>
      <DataTable
        label="Versions"
        rows={p.versions.toReversed()}
        columns={columns}
        rowId={(v) => String(v.version)}
        height={p.versions.length > 8 ? 330 : undefined}
        minWidth={640}
        order={sort}
        onOrderChange={(next) => void navigate({ search: (s) => ({ ...s, sort: next }), replace: true, resetScroll: false })}
      />
      {p.versions.length > 1 ? (
        <>
          <Group>
            <VersionSelect
              label="Compare"
              pipeline={p}
              value={from}
              onChange={(v) => void navigate({ search: (s) => ({ ...s, from: v ?? undefined, to }), resetScroll: false })}
            />
            <VersionSelect
              label="With"
              pipeline={p}
              value={to}
              onChange={(v) => void navigate({ search: (s) => ({ ...s, from, to: v ?? undefined }), resetScroll: false })}
            />
          </Group>
          <QueryView query={before}>
            {(a) => (
              <QueryView query={after}>
                {(b) =>
                  a.configuration === b.configuration ? (
                    <Text size="sm">The two texts are equal.</Text>
                  ) : (
                    <YamlDiff
                      before={a.configuration}
                      after={b.configuration}
                      beforeLabel={`Version ${a.version}`}
                      afterLabel={`Version ${b.version}`}
                    />
                  )
                }
              </QueryView>
            )}
          </QueryView>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          There is one version. Once another is published, the two can be compared here.
        </Text>
      )}
    </Stack>
  );
}

const columnsOf = (p: PipelineView, uses: PipelineUse[] | undefined) => [
  column.accessor("version", {
    header: "Version",
    cell: (c) => (
      <Group gap="xs" wrap="nowrap">
        <PageLink to="/pipelines/$id" params={{ id: p.id }} search={{ version: c.getValue() }} fw={600}>
          v{c.getValue()}
        </PageLink>
        {c.getValue() === p.latestVersion && <Badge variant="light">Latest</Badge>}
      </Group>
    ),
  }),
  column.accessor("publishedAt", { header: "Published", cell: (c) => <TimeText at={c.getValue()} /> }),
  column.accessor((v) => v.template || "", {
    id: "template",
    header: "Template",
    cell: (c) =>
      c.getValue() === "" ? (
        <Text span size="sm" c="dimmed">
          written by hand
        </Text>
      ) : (
        c.getValue()
      ),
  }),
  column.accessor("configurationHash", { header: "Hash", cell: (c) => <code>{c.getValue().slice(0, 12)}</code> }),
  column.accessor((v) => uses?.find((u) => u.version === v.version)?.hosts ?? 0, {
    id: "hosts",
    header: "Hosts",
    meta: { align: "right" },
    cell: (c) =>
      uses === undefined ? (
        UNKNOWN
      ) : c.getValue() === 0 ? (
        "0"
      ) : (
        <PageLink to="/pipelines/$id" params={{ id: p.id }} search={{ tab: "hosts", version: c.row.original.version }}>
          {count(c.getValue())}
        </PageLink>
      ),
  }),
];
