import { Badge, Group, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { DecisionView, ExperimentView, FoldAction } from "~/api/schema";
import { toMicros } from "~/shared/as-of/moments";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { decisions } from "./queries";

const route = getRouteApi("/_app/experiments/$id");
const column = createColumnHelper<DecisionView>();

const ACTIONS: Record<FoldAction, string> = { fold: "Folded", unfold: "Given back", holdOff: "Held off" };

export const COLUMNS = [
  column.accessor("decision.at", { header: "When", cell: (c) => <TimeText at={c.getValue()} /> }),
  column.accessor("window", { header: "Window", meta: { align: "right" } }),
  column.accessor("hostId", { header: "Host" }),
  column.accessor("arm", { header: "Arm" }),
  column.accessor("decision.action", {
    header: "Decision",
    cell: (c) => (
      <Badge variant="default" tt="none">
        {ACTIONS[c.getValue()]}
      </Badge>
    ),
  }),
  column.accessor((d) => d.decision.metric || "all metrics", { id: "metric", header: "Metric" }),
  column.accessor((d) => d.decision.labels.map(String).join(", "), { id: "labels", header: "Labels" }),
  column.accessor("decision.seriesBefore", { header: "Series before", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
  column.accessor("decision.seriesExpected", { header: "Expected after", meta: { align: "right" }, cell: (c) => count(c.getValue()) }),
  column.accessor((d) => `${count(d.decision.total)} of ${count(d.decision.budget)}`, { id: "budget", header: "Of the budget" }),
  column.accessor("decision.words", { header: "Why" }),
  column.accessor(
    (d) => d.decision.against.map((a) => `${a.metric} by ${a.labels.map(String).join(", ")}: ${count(a.series)}`).join("; "),
    {
      id: "against",
      header: "Weighed against",
    },
  ),
];

const NONE = (
  <EmptyState title="No decision">
    Only pipelines with an adaptive reducer decide while they run. Decisions are kept as long as the windows that they were made in.
  </EmptyState>
);

/** What adaptive processors of the arms decided while they were measured, and why. */
export function DecisionsTab({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const { host, arm } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery({ ...decisions(x.id, host, arm), enabled: x.startedAt !== null });
  const moment = at === null ? null : toMicros(at);
  const filter = (more: { host?: string; arm?: typeof arm }) =>
    void navigate({ search: (before) => ({ ...before, ...more }), replace: true, resetScroll: false });
  return (
    <>
      <Group mb="sm" align="flex-end">
        {x.hosts.length <= 200 ? (
          <Select
            label="Host"
            placeholder="All hosts"
            clearable
            searchable
            value={host ?? null}
            onChange={(v) => filter({ host: v ?? undefined })}
            data={x.hosts.map(String)}
          />
        ) : (
          <TextInput
            label="Host"
            placeholder="All hosts"
            defaultValue={host ?? ""}
            onBlur={(e) => filter({ host: e.currentTarget.value.trim() || undefined })}
            onKeyDown={(e) => e.key === "Enter" && filter({ host: e.currentTarget.value.trim() || undefined })}
          />
        )}
        <Select
          label="Arm"
          placeholder="Both arms"
          clearable
          value={arm ?? null}
          onChange={(v) => filter({ arm: (v ?? undefined) as typeof arm })}
          data={[
            { value: "production", label: "Production" },
            { value: "candidate", label: "Candidate" },
          ]}
        />
      </Group>
      {x.startedAt === null ? (
        NONE
      ) : (
        <PagesView query={query}>
          {(all, more) => (
            <DataTable
              label="Decisions of adaptive processors"
              rows={moment === null ? all : all.filter((d) => toMicros(d.decision.at) <= moment)}
              columns={COLUMNS}
              rowId={(d) => `${d.hostId} ${d.arm} ${d.window} ${d.decision.processor} ${d.decision.number} ${d.decision.at}`}
              height="60vh"
              minWidth={1500}
              sortable={false}
              onEndReached={more}
              empty={NONE}
            />
          )}
        </PagesView>
      )}
    </>
  );
}
