import { Card, Table, Title } from "@mantine/core";
import type { DeploymentView } from "~/api/schema";
import { bytes, count, duration, percent } from "~/shared/format/numbers";

/** How it goes to the hosts, and what must hold after each wave. */
export function PlanCard({ deployment: { plan } }: { deployment: DeploymentView }) {
  const { gate } = plan;
  const most = (value: number | null | undefined, write: (v: number) => string) =>
    value === null || value === undefined ? "not asked" : `at most ${write(value)}`;
  const rows = [
    ["Each wave soaks for", duration(plan.soakSeconds)],
    ["Hosts and figures are waited for", duration(plan.patienceSeconds)],
    [
      "Hosts that may fail",
      plan.maxFailuresPct > 0 ? `${count(plan.maxFailures)}, or ${percent(plan.maxFailuresPct)}` : count(plan.maxFailures),
    ],
    ["What stops it", plan.onFailure === "hold" ? "holds it" : "rolls it back"],
    ["Data must leave every host", gate.dataLeaves ? "yes" : "not asked"],
    ["Error of a label group", most(gate.maxConservationErrorPct, (v) => percent(v, 2))],
    ["Saving below the experiment's", most(gate.maxSavingShortfallPct, (v) => `${count(v)} percentage points`)],
    ["CPU of the collectors, mean", most(gate.maxCpuPct, (v) => `${percent(v, 0)} of a core`)],
    ["Memory of the collectors, mean", most(gate.maxResidentBytes, bytes)],
  ];
  return (
    <Card component="section" aria-label="Plan and gate" h="100%">
      <Title order={2} mb="sm">
        Plan and gate
      </Title>
      <Table aria-label="Plan and gate">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} c="dimmed">
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
