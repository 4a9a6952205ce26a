import { Button, Group, NumberInput, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { percent } from "~/shared/format/numbers";
import { type PowerQuestion, power } from "../queries";
import { useDesign } from "./form";
import { PowerFigures } from "./PowerFigures";
import type { Draft } from "./useDraft";

const route = getRouteApi("/_app/experiments/new");

interface Props {
  draft: Draft;
  isSaved: boolean;
  /** What the preview made less, in per cent; null where there was none. */
  preview: number | null;
}

type Assumption = keyof PowerQuestion;

const ASSUMPTIONS: { key: Assumption; label: string; description: string; suffix?: string }[] = [
  { key: "expectedReductionPct", label: "Expected reduction", description: "Of live series.", suffix: " %" },
  { key: "windowDeviationPct", label: "Varies from window to window by", description: "Standard deviation, in points." },
  { key: "autocorrelationWindows", label: "Goes on as it was for", description: "In windows; 1 where each is independent." },
  { key: "hostDeviationPct", label: "Varies from host to host by", description: "Standard deviation, in points." },
];

/** How long a verdict will take and how probable the right one is, by what is assumed or was measured before. */
export function PowerPanel({ draft, isSaved, preview }: Props) {
  const { criteria, sampleHosts } = useDesign().values;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState<Partial<Record<Assumption, number | string>>>(search.power ?? {});
  const [settled] = useDebouncedValue(typed, 500);
  const question = Object.fromEntries(Object.entries(settled).filter((entry) => typeof entry[1] === "number")) as PowerQuestion;
  const answer = useQuery({ ...power(draft.id, draft.version, question), placeholderData: keepPreviousData });
  const refused = answer.error instanceof ApiError && answer.error.status === 422 ? answer.error : null;
  const asked = ASSUMPTIONS.filter(({ key }) => key !== "hostDeviationPct" || (criteria.claim === "fleet" && String(sampleHosts) !== ""));

  const kept = JSON.stringify(question);
  useEffect(() => {
    const assumed = JSON.parse(kept) as PowerQuestion;
    void navigate({
      search: (now) => ({ ...now, power: Object.keys(assumed).length === 0 ? undefined : assumed }),
      replace: true,
      resetScroll: false,
    });
  }, [kept, navigate]);

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
            error={refused?.code === "power-question-invalid" && refused.field === key ? refused.detail : undefined}
          />
        ))}
      </SimpleGrid>
      {preview !== null && (typed.expectedReductionPct === undefined || typed.expectedReductionPct === "") && (
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
      <div aria-live="polite">
        {refused?.code === "power-question-incomplete" && <Text size="sm">Not known yet. {refused.detail}</Text>}
        {answer.isError && refused === null && <ProblemAlert error={answer.error} />}
        {!answer.isError && answer.data !== undefined && <PowerFigures view={answer.data} />}
      </div>
    </Stack>
  );
}
