import { Group, List, Stack, Text, Title } from "@mantine/core";
import type { ClaimJudged, ExperimentView } from "~/api/schema";
import { Section } from "~/shared/components/Section";
import { claimWords } from "~/shared/experiments/claims";
import { percent } from "~/shared/format/numbers";
import { asJudged } from "../criteria";
import { JudgedBadge } from "./CriteriaPanel";

/** What can be said of the reduction, each with what it speaks of. */
export function ClaimsPanel({ x }: { x: ExperimentView }) {
  return (
    <Section
      title="What the evidence says"
      says={`Of live series. Claims are never mixed: each speaks of something else. The verdict asks for "${claimWords(x.criteria.claim).name}".`}
    >
      {x.claims.map((c) => (
        <Claim key={c.claim} claim={c} asked={c.claim === x.criteria.claim} />
      ))}
    </Section>
  );
}

function Claim({ claim, asked }: { claim: ClaimJudged; asked: boolean }) {
  const { name, says } = claimWords(claim.claim);
  return (
    <Stack gap={2}>
      <Group gap="xs" justify="space-between">
        <Title order={3}>
          {name}
          {asked ? " (asked)" : ""}
        </Title>
        <JudgedBadge judged={asJudged(claim.outcome)} />
      </Group>
      <Text size="sm" className="numeric">
        <b>{percent(claim.reductionPct)}</b>
        {claim.lowerPct !== null && claim.upperPct !== null && (
          <>
            {" "}
            between {percent(claim.lowerPct)} and {percent(claim.upperPct)}, at 95 %
          </>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        Of {claim.scope}. {says}
      </Text>
      {claim.missing.length > 0 && (
        <List size="xs" c="dimmed">
          {claim.missing.map((m) => (
            <List.Item key={String(m)}>Missing: {String(m)}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
