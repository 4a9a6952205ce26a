import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { DeliveryView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { PagesView } from "~/shared/components/PagesView";
import { TimeText } from "~/shared/components/TimeText";
import { deliveries } from "./queries";

const column = createColumnHelper<DeliveryView>();

const columns = [
  column.accessor("queuedAt", { header: "When", cell: (c) => <TimeText at={c.getValue()} /> }),
  column.accessor("kind", { header: "Of what" }),
  column.accessor("subject", { header: "Subject" }),
  column.accessor("status", { header: "State" }),
  column.accessor("attempts", { header: "Attempts", meta: { align: "right" } }),
  column.accessor("error", { header: "Error" }),
];

/** What a target was told, and what became of it. */
export function DeliveriesDrawer({ name, onClose }: { name: string; onClose: () => void }) {
  const query = useInfiniteQuery(deliveries(name));
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={`Deliveries to ${name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <PagesView query={query}>
        {(rows, more) => (
          <DataTable
            label={`Deliveries to ${name}`}
            rows={rows}
            columns={columns}
            rowId={(d) => d.id}
            height={600}
            sortable={!query.hasNextPage}
            onEndReached={more}
            minWidth={760}
            empty={<EmptyState title="Nothing was told yet">It is told of what happens from now on.</EmptyState>}
          />
        )}
      </PagesView>
    </Drawer>
  );
}
