import { Card, Grid, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { ApiError } from "~/api/client";
import { count } from "~/shared/format/numbers";
import { HostsInput } from "~/shared/hosts/HostsInput";
import { groups } from "~/shared/hosts/queries";
import { overlaps } from "../queries";
import { type ChooseBy, overlapQuestion, targetsOf } from "./design";
import { useDesign } from "./form";
import { MeantHosts } from "./MeantHosts";
import { OverlapList } from "./OverlapList";

const WAYS: { value: ChooseBy; label: string }[] = [
  { value: "selector", label: "By labels" },
  { value: "group", label: "A group" },
  { value: "hosts", label: "Picked hosts" },
];

/** Where it runs: by labels, by a group or by name, with who that is now, and who else wants them. */
export function HostsStep({ draftId }: { draftId: string | null }) {
  const form = useDesign();
  const { chooseBy } = form.values;
  const [settled] = useDebouncedValue(form.values, 350);
  const question = overlapQuestion(settled, draftId);
  const meant = useQuery(overlaps(question));
  const refused = meant.error instanceof ApiError && question !== null ? meant.error : null;
  const errorOf = (field: string) => form.errors[field] ?? (refused?.field === field ? refused.detail : undefined);

  const known = useQuery({ ...groups, enabled: chooseBy === "group" });

  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack>
          <SegmentedControl
            aria-label="How hosts are chosen"
            data={WAYS}
            value={chooseBy}
            onChange={(way) => form.setFieldValue("chooseBy", way as ChooseBy)}
            fullWidth
          />
          {chooseBy === "selector" && (
            <TextInput
              label="Labels"
              description="As role=web, env in (staging,test), !canary; all of them must hold. Who has them when the experiment starts takes part."
              placeholder="role=web,env=production"
              autoComplete="off"
              spellCheck={false}
              {...form.getInputProps("selector")}
              error={errorOf("selector")}
            />
          )}
          {chooseBy === "group" && (
            <Select
              label="Group"
              description="Who belongs to it when the experiment starts takes part."
              data={(known.data ?? []).map((g) => ({ value: g.name, label: `${g.name} (${count(g.hosts)} hosts: ${g.selector})` }))}
              nothingFoundMessage={known.isPending ? "Reading groups" : "There is no such group. Groups are defined on the Fleet page."}
              searchable
              {...form.getInputProps("group")}
              error={errorOf("group")}
            />
          )}
          {chooseBy === "hosts" && (
            <HostsInput
              description="Type to find one, or paste ids separated by commas or spaces."
              {...form.getInputProps("hosts")}
              value={form.values.hosts}
              error={errorOf("hosts")}
            />
          )}
          <Card>
            <Text size="sm" c="dimmed">
              Hosts that are meant now
            </Text>
            <Text size="xl" fw={650} className="numeric" aria-live="polite">
              {question === null ? "None yet" : meant.data !== undefined ? count(meant.data.hosts) : refused !== null ? "Not clear" : "…"}
            </Text>
            <Text size="xs" c="dimmed">
              {chooseBy === "hosts"
                ? "Exactly these take part, as far as they can be reached at the start."
                : "Lost, drained and decommissioned hosts take no part. It is asked again when the experiment starts."}
            </Text>
          </Card>
          <OverlapList view={meant.data} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>
        <MeantHosts targets={targetsOf(settled)} clear={question !== null && refused === null} />
      </Grid.Col>
    </Grid>
  );
}
