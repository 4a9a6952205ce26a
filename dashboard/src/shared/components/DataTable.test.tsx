import { MantineProvider } from "@mantine/core";
import type { ColumnDef, SortingState } from "@tanstack/react-table";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { DataTable } from "./DataTable";

interface Row {
  name: string;
}
const ROWS: Row[] = [{ name: "b" }, { name: "a" }];
const COLUMNS: ColumnDef<Row>[] = [{ accessorKey: "name", header: "Name" }];
const names = () => screen.getAllByRole("cell").map((cell) => cell.textContent);

function Kept({ told }: { told: SortingState[] }) {
  const [sorting, setSorting] = useState<SortingState>([{ id: "name", desc: true }]);
  const keep = (next: SortingState) => {
    told.push(next);
    setSorting(next);
  };
  return (
    <MantineProvider>
      <DataTable label="Rows" rows={ROWS} columns={COLUMNS} rowId={(r) => r.name} sorting={sorting} onSortingChange={keep} />
    </MantineProvider>
  );
}

it("turns an order that is kept elsewhere around with each click, and never takes it away", async () => {
  const told: SortingState[] = [];
  render(<Kept told={told} />);
  for (let i = 0; i < 3; i++) await userEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(told.map(([first]) => first?.desc)).toEqual([false, true, false]);
  expect(names()).toEqual(["b", "a"]);
});

it("sorts by the order of an address, and tells the next one", async () => {
  const told: (string | undefined)[] = [];
  const table = (order?: string) => (
    <MantineProvider>
      <DataTable label="Rows" rows={ROWS} columns={COLUMNS} rowId={(r) => r.name} order={order} onOrderChange={(next) => told.push(next)} />
    </MantineProvider>
  );
  const { rerender } = render(table("name"));
  expect(names()).toEqual(["a", "b"]);
  await userEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(told).toEqual(["-name"]);
  rerender(table("-name"));
  expect(names()).toEqual(["b", "a"]);
});

it("offers no order where the rows are not all there", async () => {
  const table = (sortable: boolean) => (
    <MantineProvider>
      <DataTable label="Rows" rows={ROWS} columns={COLUMNS} rowId={(r) => r.name} sortable={sortable} />
    </MantineProvider>
  );
  const { rerender } = render(table(false));
  expect(screen.queryByRole("button", { name: "Name" })).toBeNull();
  rerender(table(true));
  await userEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(names()).toEqual(["a", "b"]);
});
