import { Button, Group, NumberInput, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "~/api/client";
import { Figure } from "~/shared/components/Figure";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { count, decimal, duration, percent } from "~/shared/format/numbers";
import { type PowerQuestion, power } from "../queries";
import { useDesign } from "./form";
import type { Draft } from "./useDraft";

interface Props {
  draft: Draft;
  isSaved: boolean;
  /** What the preview made less, in per cent; null where there was none. */
  preview: number | null;
}

type Assumption = keyof PowerQuestion;

const ASSUMPTIONS: { key: Assumption; label: string; description: string; suffix: string }[] = [
  { key: "expectedReductionPct", label: "Expected reduction", description: "Of live series.", suffix: " %" },
  { key: "windowDeviationPct", label: "Varies from window to window by", description: "Standard deviation, in points.", suffix: " points" },
  { key: "autocorrelationWindows", label: "Goes on as it was for", description: "1 where windows are independent.", suffix: " windows" },
  { key: "hostDeviationPct", label: "Varies from host to host by", description: "Standard deviation, in points.", suffix: " points" },
];

/** How long a verdict will take and how probable the right one is, by simulated experiments through the very intervals that judge it. */
export function PowerPanel({ draft, isSaved, preview }: Props) {
  const { criteria, sampleHosts } = useDesign().values;
  const [typed, setTyped] = useState<Partial<Record<Assumption, number | string>>>({});
  const [settled] = useDebouncedValue(typed, 500);
  const question = Object.fromEntries(Object.entries(settled).filter((entry) => typeof entry[1] === "number")) as PowerQuestion;
  const answer = useQuery({ ...power(draft.id, draft.version, question), placeholderData: keepPreviousData });
  const refused = answer.error instanceof ApiError && answer.error.status === 422 ? answer.error : null;
  const asked = ASSUMPTIONS.filter(({ key }) => key !== "hostDeviationPct" || (criteria.claim === "fleet" && String(sampleHosts) !== ""));
  const data = answer.isError ? undefined : answer.data;

  return (
    <Stack gap="sm">
      <Title order={3}>What this can prove</Title>
      <Text size="sm" c="dimmed">
        What you leave empty is taken from what was measured before with the same pipelines and windows.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, md: asked.length }}>
        {asked.map(({ key, label, description, suffix }) => (
          <NumberInput
            key={key}
            label={label}
            description={description}
            suffix={suffix}
            value={typed[key] ?? ""}
            onChange={(value) => setTyped((before) => ({ ...before, [key]: value }))}
            error={refused?.field === key ? refused.detail : undefined}
          />
        ))}
      </SimpleGrid>
      {preview !== null && typed.expectedReductionPct === undefined && (
        <Group>
          <Button
            size="xs"
            variant="default"
            onClick={() => setTyped((before) => ({ ...before, expectedReductionPct: Math.round(preview * 10) / 10 }))}
          >
            Expect what the preview made: {percent(preview)}
          </Button>
        </Group>
      )}
      {criteria.claim === "observed" && (
        <Text size="sm">
          A verdict on what was observed needs no proof: it is there when the measuring time is over. The figures are of the claim on these
          hosts.
        </Text>
      )}
      {!isSaved && <Text size="sm">The figures are of the draft as it was saved last. It is saved when you leave a field.</Text>}
      {answer.isError && !(refused !== null && asked.some(({ key }) => key === refused.field)) && <ProblemAlert error={answer.error} />}
      {data !== undefined && (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} aria-live="polite">
            <Figure
              label="The right verdict in time"
              value={percent(100 * data.power)}
              hint="Probability before the deadline, ± 2.5 points."
            />
            <Figure
              label="Verdict, expected after"
              value={duration(data.expectedSeconds)}
              hint={
                data.expectedSeconds == null ? "The effect is too near the minimum for any time to tell." : "Measuring time, the median."
              }
            />
            <Figure
              label="No verdict before"
              value={duration(data.earliestSeconds)}
              hint={`${count(data.plannedBlocks)} blocks of ${count(data.windowsPerBlock)} windows are planned.`}
            />
            <Figure
              label="Rests on"
              value={data.basis === "given" ? "what you said" : `${count(data.windows)} windows`}
              hint={`${data.basis === "given" ? "Nothing was measured for it." : `Measured by ${data.basis}.`} Reduction ${percent(data.expectedReductionPct)}, deviation ${decimal(data.windowDeviationPct, 2)} points, correlated over ${decimal(data.autocorrelationWindows)} windows.`}
            />
          </SimpleGrid>
          {data.fleet != null && (
            <Text size="sm">
              {count(data.fleet.drawnHosts)} of {count(data.fleet.fleetHosts)} hosts prove the claim on the fleet with a probability of{" "}
              {percent(100 * data.fleet.power)}
              {data.fleet.hostsForHalf == null
                ? "; with all that are drawn fewer than half of the simulated experiments promote."
                : `; half of the simulated experiments had promoted at ${count(data.fleet.hostsForHalf)} hosts.`}
            </Text>
          )}
        </>
      )}
    </Stack>
  );
}
