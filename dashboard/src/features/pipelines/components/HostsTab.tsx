import { Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { PipelineHost, PipelineView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PageButton, PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { useMay } from "~/shared/session/session";
import { pipelineHosts, pipelineUses } from "../queries";
import { usesOf, usesText } from "../uses";
import { VersionSelect } from "./VersionSelect";

const route = getRouteApi("/_app/pipelines/$id");
const column = createColumnHelper<PipelineHost>();

const COLUMNS = [
  column.accessor("hostId", {
    header: "Host",
    cell: (c) => (
      <PageLink to="/fleet/$hostId" params={{ hostId: c.getValue() }}>
        {c.getValue()}
      </PageLink>
    ),
  }),
  column.accessor("version", { header: "Version", cell: (c) => `v${c.getValue()}` }),
  column.accessor("since", { header: "Since", cell: (c) => <TimeText at={c.getValue()} /> }),
];

/** Where the pipeline runs as production. */
export function HostsTab({ pipeline: p }: { pipeline: PipelineView }) {
  const { version } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("operator");
  const uses = usesOf(useQuery(pipelineUses).data, p.id);
  const hosts = useInfiniteQuery(pipelineHosts(p.id, version));
  return (
    <Stack>
      <VersionSelect
        label="Version"
        pipeline={p}
        allLabel="Every version"
        value={version ?? null}
        onChange={(v) => void navigate({ search: (s) => ({ ...s, version: v ?? undefined }) })}
      />
      <PagesView query={hosts}>
        {(rows, more) =>
          rows.length === 0 ? (
            <EmptyState
              title="It runs on no host"
              action={
                mayWrite && (
                  <PageButton to="/deployments/new" search={{ pipeline: p.id, version: version ?? p.latestVersion }}>
                    Deploy it
                  </PageButton>
                )
              }
            >
              Deploy it in waves, or compare it in an experiment first. A candidate of a running experiment is not counted here.
            </EmptyState>
          ) : (
            <>
              {uses.length > 0 && <Text size="sm">{usesText(uses)}.</Text>}
              <DataTable
                label="Hosts that run the pipeline"
                rows={rows}
                columns={COLUMNS}
                rowId={(h) => h.hostId}
                minWidth={420}
                height={rows.length > 50 ? "60vh" : undefined}
                sortable={!hosts.hasNextPage}
                onEndReached={more}
              />
            </>
          )
        }
      </PagesView>
    </Stack>
  );
}
