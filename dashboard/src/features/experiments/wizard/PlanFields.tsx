import { Autocomplete, SimpleGrid, Stack, Text } from "@mantine/core";
import { parseDuration } from "~/shared/format/durations";
import { count, duration } from "~/shared/format/numbers";
import { deadlineOf, plannedWindows } from "./design";
import { useDesign } from "./form";

export function PlanFields() {
  const form = useDesign();
  const { plan } = form.values;
  const measured = parseDuration(plan.durationSeconds);
  const windows = plannedWindows(plan);
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Autocomplete
          label="Warm-up"
          description="Runs and does not count."
          data={["30 s", "2 min", "10 min", "1 h"]}
          {...form.getInputProps("plan.warmUpSeconds")}
        />
        <Autocomplete
          label="Measuring time"
          description="Until the first look that may decide."
          data={["30 min", "3 h", "12 h", "1 d", "3 d", "7 d", "14 d"]}
          {...form.getInputProps("plan.durationSeconds")}
        />
        <Autocomplete
          label="Length of a window"
          description="Both arms are compared window by window."
          data={["5 s", "15 s", "30 s", "1 min", "5 min"]}
          {...form.getInputProps("plan.windowSeconds")}
        />
      </SimpleGrid>
      {measured !== null && windows !== null && (
        <Text size="sm" c="dimmed" aria-live="polite">
          {count(windows)} windows. What is undecided then is measured on, and ends {duration(deadlineOf(measured))} after the warm-up at
          the latest. A day or more sees all hours of the day.
        </Text>
      )}
    </Stack>
  );
}
