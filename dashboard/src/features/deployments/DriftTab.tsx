import { Button, Text } from "@mantine/core";
import { IconChecks } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { AgentView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { LoadingPage } from "~/shared/components/LoadingPage";
import { PageLink } from "~/shared/components/links";
import { PagesView } from "~/shared/components/PagesView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { TimeText } from "~/shared/components/TimeText";
import { useMay } from "~/shared/session/session";
import { drifted } from "./queries";

const column = createColumnHelper<AgentView>();

const WORDS: Record<string, string> = {
  "production-missing": "Production does not run",
  "production-differs": "Another configuration runs",
  "production-unexpected": "Something runs that no task put there",
};

/** Hosts that run something else than they should, and the way to put it back. */
export function DriftTab() {
  const hosts = useInfiniteQuery(drifted);
  const queries = useQueryClient();
  const mayWrite = useMay("operator");
  const [asked, setAsked] = useState<AgentView | null>(null);
  const columns = useMemo(() => columnsWith(mayWrite ? setAsked : null), [mayWrite]);
  return (
    <>
      <PagesView query={hosts} loading={<LoadingPage />}>
        {(rows, more) =>
          rows.length === 0 ? (
            <EmptyState icon={<IconChecks />} title="No host has drifted">
              By its last heartbeat every host runs what it should. A host that is just being changed is not counted.
            </EmptyState>
          ) : (
            <DataTable
              label="Hosts that have drifted"
              rows={rows}
              columns={columns}
              rowId={(h) => h.hostId}
              minWidth={860}
              height={rows.length > 50 ? "60vh" : undefined}
              sortable={!hosts.hasNextPage}
              onEndReached={more}
            />
          )
        }
      </PagesView>
      {asked !== null && (
        <ReasonModal
          opened
          onClose={() => setAsked(null)}
          title={`Put back what ${asked.hostId} should run`}
          confirm="Reapply"
          done={`${asked.hostId} is told to run what it should.`}
          action={async (reason) => {
            await call(api.POST("/api/v2/agents/{hostId}/reapply", { params: { path: { hostId: asked.hostId } }, body: { reason } }));
            await queries.invalidateQueries({ queryKey: ["fleet"] });
          }}
        >
          {asked.drift?.detail} The version that should run is applied again with the host's next poll.
        </ReasonModal>
      )}
    </>
  );
}

const columnsWith = (reapply: ((host: AgentView) => void) | null) => [
  column.accessor("hostId", {
    header: "Host",
    cell: (c) => (
      <PageLink to="/fleet/$hostId" params={{ hostId: c.getValue() }}>
        {c.getValue()}
      </PageLink>
    ),
  }),
  column.accessor((h) => WORDS[h.drift?.code ?? ""] ?? h.drift?.code ?? "", { id: "what", header: "What is wrong" }),
  column.accessor((h) => h.drift?.detail ?? "", {
    id: "detail",
    header: "Detail",
    cell: (c) => (
      <Text size="sm" lineClamp={2} title={c.getValue()}>
        {c.getValue()}
      </Text>
    ),
  }),
  column.accessor("heartbeatAt", { header: "Heartbeat", cell: (c) => <TimeText at={c.getValue()} from="now" /> }),
  ...(reapply === null
    ? []
    : [
        column.display({
          id: "reapply",
          header: "",
          cell: ({ row: { original: host } }) =>
            // Nothing is known that could be put back where no task has ever put anything there.
            host.drift?.code !== "production-unexpected" && (
              <Button size="xs" variant="default" aria-label={`Reapply on ${host.hostId}`} onClick={() => reapply(host)}>
                Reapply
              </Button>
            ),
        }),
      ]),
];
