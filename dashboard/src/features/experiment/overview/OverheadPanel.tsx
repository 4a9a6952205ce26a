import { Table, Text } from "@mantine/core";
import type { ArmTotals, ExperimentView } from "~/api/schema";
import { Section } from "~/shared/components/Section";
import { bytes, count, decimal, duration, UNKNOWN } from "~/shared/format/numbers";

/** What the collectors of both arms took in the newest window, and what they lost. */
export function OverheadPanel({ x }: { x: ExperimentView }) {
  const w = x.latestWindow;
  const hosts = Math.max(1, w?.hosts ?? 1);
  const rows: [string, (a: ArmTotals) => string][] = [
    [
      "CPU, mean over hosts",
      (a) => (w !== null && w.seconds > 0 ? `${decimal(a.cpuMs / (w.seconds * 10 * hosts), 2)} % of a core` : UNKNOWN),
    ],
    ["Memory, mean over hosts", (a) => bytes(a.residentBytes / hosts)],
    ["Points lost in sending", (a) => count(a.droppedPoints)],
    ["Exports that failed", (a) => count(a.exportErrors)],
    ["Longest delay", (a) => duration(a.maxDelayMs === undefined ? null : a.maxDelayMs / 1000)],
  ];
  return (
    <Section
      title="Collectors"
      says={
        w === null
          ? "Nothing was measured yet."
          : `Of ${count(w.hosts)} ${w.hosts === 1 ? "host" : "hosts"} in window ${w.number}, ${duration(w.seconds)} long.`
      }
    >
      <Table.ScrollContainer minWidth={360}>
        <Table aria-label="What both collectors took" className="numeric">
          <Table.Thead>
            <Table.Tr>
              <Table.Th />
              <Table.Th>Baseline</Table.Th>
              <Table.Th>Candidate</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([name, of]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400}>
                  {name}
                </Table.Th>
                <Table.Td>{w === null ? UNKNOWN : of(w.baseline)}</Table.Td>
                <Table.Td>{w === null ? UNKNOWN : of(w.candidate)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="xs" c="dimmed">
        The baseline also feeds the candidate meanwhile, which makes the candidate look a little cheaper than it is. Over all windows the
        candidate took{" "}
        {x.evidence === null
          ? UNKNOWN
          : `${decimal(x.evidence.candidateCpuPct, 2)} % of a core and ${bytes(x.evidence.candidateResidentBytes)}`}
        .
      </Text>
    </Section>
  );
}
