import { Alert, Card, Fieldset, NumberInput, Radio, SimpleGrid, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { percent } from "~/shared/format/numbers";
import { summarise } from "~/shared/previews/summarise";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { overlaps } from "../queries";
import { type Claim, overlapQuestion } from "./design";
import { useDesign } from "./form";
import { PlanFields } from "./PlanFields";
import { PowerPanel } from "./PowerPanel";
import { usePreviews } from "./PreviewPanel";
import type { Draft } from "./useDraft";

const CLAIMS: { value: Claim; label: string; description: string }[] = [
  {
    value: "hosts",
    label: "These hosts from now on",
    description:
      "An interval for the mean reduction on these hosts, at the hours of the day that are measured. It takes 160 windows or more.",
  },
  {
    value: "fleet",
    label: "The fleet",
    description:
      "An interval for all hosts that are meant, from hosts drawn of them at random. It takes as many windows, and hosts by labels or a group.",
  },
  {
    value: "observed",
    label: "What was observed",
    description: "What these hosts saved in the windows that were measured. It proves nothing of another hour or host.",
  },
];

/** What the candidate has to prove, in which time, and what ends it at once. */
export function CriteriaStep({ draft, isSaved }: { draft: Draft; isSaved: boolean }) {
  const form = useDesign();
  const { criteria, chooseBy } = form.values;
  const preview = summarise(usePreviews());
  const meant = useQuery(overlaps(overlapQuestion(form.values, draft.id))).data?.hosts;

  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <TextInput label="Name" withAsterisk maxLength={200} {...form.getInputProps("name")} />
        <Textarea
          label="Hypothesis"
          description="What you expect to see, and why. It stands beside the verdict."
          autosize
          minRows={1}
          maxRows={6}
          maxLength={5000}
          {...form.getInputProps("hypothesis")}
        />
      </SimpleGrid>

      <Fieldset legend="What has to be proved">
        <Stack>
          <Radio.Group label="The verdict speaks of" {...form.getInputProps("criteria.claim")}>
            <Stack gap="xs" mt="xs">
              {CLAIMS.map((claim) => (
                <Radio key={claim.value} {...claim} />
              ))}
            </Stack>
          </Radio.Group>
          <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
            <NumberInput
              label="Fewer live series, at least"
              description="What is not reached is rejected."
              suffix=" %"
              {...form.getInputProps("criteria.minSeriesReductionPct")}
            />
            {chooseBy !== "hosts" && (
              <NumberInput
                label="Hosts to draw"
                description={
                  meant === undefined
                    ? "At random, in proportion to what they send. Empty: all take part."
                    : `At random out of ${meant}, in proportion to what they send. Empty: all take part.`
                }
                allowDecimal={false}
                withAsterisk={criteria.claim === "fleet"}
                {...form.getInputProps("sampleHosts")}
              />
            )}
            {criteria.claim === "fleet" && (
              <NumberInput
                label="No host does worse than"
                description="A host below it ends the claim; a lower bound costs power."
                suffix=" %"
                {...form.getInputProps("criteria.lowestHostReductionPct")}
              />
            )}
          </SimpleGrid>
          {preview !== null && preview.seriesReductionPct !== null && (
            <Alert color="blue" icon={<IconInfoCircle />}>
              The preview made {percent(preview.seriesReductionPct)} fewer live series of recent input.
            </Alert>
          )}
        </Stack>
      </Fieldset>

      <Fieldset legend="Duration">
        <PlanFields />
      </Fieldset>

      <Card>
        <PowerPanel draft={draft} isSaved={isSaved} preview={preview?.seriesReductionPct ?? null} />
      </Card>

      <Fieldset legend="Guardrails">
        <Stack>
          <Text size="sm" c="dimmed">
            A limit that is measured not to hold ends the candidate at once: the hosts go on as they were.
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 2, md: 4 }}>
            <NumberInput
              label="Conservation error"
              description="Largest error of any surviving group's sum."
              suffix=" %"
              {...form.getInputProps("criteria.maxConservationErrorPct")}
            />
            <NumberInput
              label="Candidate's CPU"
              description="Of one core, mean over a window."
              suffix=" %"
              {...form.getInputProps("criteria.maxCandidateCpuPct")}
            />
            <NumberInput
              label="Candidate's memory"
              description="Resident, of its collector."
              suffix=" MiB"
              {...form.getInputProps("criteria.maxCandidateResidentBytes")}
            />
            <NumberInput
              label="Added delay"
              description="Alerts come so much later."
              suffix=" s"
              {...form.getInputProps("criteria.maxAddedDelaySeconds")}
            />
          </SimpleGrid>
          <TagsInput
            label="Protected metrics"
            description="They must leave untouched, beside those that the whole organisation protects; * matches any run of characters."
            splitChars={[",", " ", "\n"]}
            acceptValueOnBlur
            clearable
            {...form.getInputProps("protectedMetrics")}
          />
        </Stack>
      </Fieldset>

      <PriceSelect
        label="Priced by"
        description="What the saving is told in, by the rates of the day of the verdict."
        clearable={false}
        maw={480}
        error={form.errors.priceEntry}
        value={form.values.priceEntry ?? undefined}
        onChange={(price) => {
          form.setFieldValue("priceEntry", price ?? null);
          form.clearFieldError("priceEntry");
        }}
      />
    </Stack>
  );
}
