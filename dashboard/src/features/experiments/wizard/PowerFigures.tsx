import { SimpleGrid, Stack, Text } from "@mantine/core";
import type { PowerView } from "~/api/schema";
import { Figure } from "~/shared/components/Figure";
import { count, decimal, duration, percent } from "~/shared/format/numbers";

/** The answer of simulated experiments through the very intervals that will judge. */
export function PowerFigures({ view }: { view: PowerView }) {
  const given = view.basis === "given";
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Figure label="The right verdict in time" value={percent(100 * view.power)} hint="Probability before the deadline, ± 2.5 points." />
        <Figure
          label="Verdict, expected after"
          value={duration(view.expectedSeconds)}
          hint={view.expectedSeconds == null ? "The effect is too near the minimum for any time to tell." : "Measuring time, the median."}
        />
        <Figure
          label="No verdict before"
          value={duration(view.earliestSeconds)}
          hint={`${count(view.plannedBlocks)} blocks of ${count(view.windowsPerBlock)} windows are planned.`}
        />
        <Figure
          label="Rests on"
          value={given ? "What you said" : `${count(view.windows)} windows`}
          hint={`${given ? "Nothing was measured for it." : `Measured by ${view.basis}.`} Reduction ${percent(view.expectedReductionPct)}, deviation ${decimal(view.windowDeviationPct, 2)} points, correlated over ${decimal(view.autocorrelationWindows)} windows.`}
        />
      </SimpleGrid>
      {view.fleet != null && (
        <Text size="sm">
          {count(view.fleet.drawnHosts)} of {count(view.fleet.fleetHosts)} hosts prove the claim on the fleet with a probability of{" "}
          {percent(100 * view.fleet.power)}
          {view.fleet.hostsForHalf == null
            ? "; with all that are drawn fewer than half of the simulated experiments promote."
            : `; half of the simulated experiments had promoted at ${count(view.fleet.hostsForHalf)} hosts.`}
        </Text>
      )}
    </Stack>
  );
}
