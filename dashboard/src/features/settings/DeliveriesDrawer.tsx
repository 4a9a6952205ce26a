import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { DeliveryView } from "~/api/schema";
import { DataTable } from "~/shared/components/DataTable";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
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
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={`Deliveries to ${name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <QueryView query={useQuery(deliveries(name))}>
        {(page) => (
          <DataTable
            label={`Deliveries to ${name}`}
            rows={page.items}
            columns={columns}
            rowId={(d) => d.id}
            height={600}
            minWidth={760}
            empty={<EmptyState title="Nothing was told yet">It is told of what happens from now on.</EmptyState>}
          />
        )}
      </QueryView>
    </Drawer>
  );
}
