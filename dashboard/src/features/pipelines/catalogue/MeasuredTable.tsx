import { Table, Text } from "@mantine/core";
import type { MeasuredReductionView } from "~/api/schema";
import { percent } from "~/shared/format/numbers";

const HEADS = ["Fewer live series", "Fewer points", "Fewer bytes", "Increments lost"];

/** What a template made of recordings of real input. */
export function MeasuredTable({ rows, label }: { rows: readonly MeasuredReductionView[]; label: string }) {
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        It was not measured on recorded input: what it saves depends wholly on yours. A preview on your hosts tells.
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={430}>
      <Table className="numeric" aria-label={label} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Recorded input</Table.Th>
            {HEADS.map((head) => (
              <Table.Th key={head} scope="col" ta="right">
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((m) => (
            <Table.Tr key={m.recording}>
              <Table.Th scope="row" fw={400}>
                {m.recording}
              </Table.Th>
              <Table.Td ta="right">{percent(m.liveSeriesReductionPct)}</Table.Td>
              <Table.Td ta="right">{percent(m.pointsReductionPct)}</Table.Td>
              <Table.Td ta="right">{percent(m.bytesReductionPct)}</Table.Td>
              <Table.Td ta="right">{percent(m.conservationErrorPct, 2)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
