import { Alert, List, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { createColumnHelper } from "@tanstack/react-table";
import type { OwnCost } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { Figure } from "~/shared/components/Figure";
import { QueryView } from "~/shared/components/QueryView";
import { decimal, money } from "~/shared/format/numbers";
import { useValuedBy } from "~/shared/prices/useValuedBy";
import { NoPrice } from "./NoPrice";
import { roi } from "./queries";

const column = createColumnHelper<OwnCost>();
const right = { align: "right" } as const;

const PARTS: Record<string, string> = {
  experiments: "Candidates of experiments",
  pipelines: "Promoted pipelines, beyond those before",
  agents: "Agents",
};

const columns = (currency: string | null) => [
  column.accessor("of", { header: "Of", cell: (c) => PARTS[c.getValue()] ?? c.getValue() }),
  column.accessor((c) => c.use.coreHours, { id: "cores", header: "Core hours", meta: right, cell: (c) => decimal(c.getValue(), 2) }),
  column.accessor((c) => c.use.memoryGigabyteHours, {
    id: "memory",
    header: "GB hours of memory",
    meta: right,
    cell: (c) => decimal(c.getValue(), 2),
  }),
  column.accessor("cost", { header: "Cost", meta: right, cell: (c) => money(c.getValue(), currency) }),
];

const route = getRouteApi("/_app/savings");

/** What Phoenix saved, against what it took for that. */
export function ReturnTab() {
  const { from, to, price } = route.useSearch();
  const valued = useValuedBy(price);
  const query = useQuery({ ...roi({ from, to, price: valued.price }), enabled: valued.price !== undefined });
  if (valued.none) return <NoPrice />;
  return (
    <QueryView query={query}>
      {(data) => {
        const { currency, saved, costs, cost, net, ratio, missing } = data.return;
        const notes = [...missing, ...data.gaps];
        return (
          <Stack>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
              <Figure label="Saved" value={money(saved, currency)} hint={`${data.from} to ${data.to}`} />
              <Figure label="Phoenix took" value={money(cost, currency)} hint="experiments, pipelines and agents, at your own rates" />
              <Figure label="Net" value={money(net, currency)} />
              <Figure
                label="Return"
                value={ratio === null ? "–" : `${decimal(ratio, 1)} times`}
                hint="net for each unit that Phoenix took"
              />
            </SimpleGrid>
            <DataTable label="What Phoenix took" rows={costs} columns={columns(currency)} rowId={(c) => c.of} minWidth={520} />
            {notes.length > 0 && (
              <Alert color="yellow" title="What these figures do not know">
                <List size="sm">
                  {notes.map((note) => (
                    <List.Item key={note}>{note}</List.Item>
                  ))}
                </List>
              </Alert>
            )}
            <Text size="xs" c="dimmed">
              Price {data.price}. Days are those of the ledger.
            </Text>
          </Stack>
        );
      }}
    </QueryView>
  );
}
