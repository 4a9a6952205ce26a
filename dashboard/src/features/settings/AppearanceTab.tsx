import { SegmentedControl, Select, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { dateTime, zoneName } from "~/shared/format/times";
import { useNow } from "~/shared/format/useNow";
import { usePreferences, useSetPreferences } from "~/shared/session/preferences";

/** How the dashboard looks to the user, in every browser. */
export function AppearanceTab() {
  const { colorScheme } = useMantineColorScheme();
  const { timeZone } = usePreferences();
  const { setColourScheme, setTimeZone } = useSetPreferences();
  const now = useNow();
  return (
    <Stack maw={420}>
      <div>
        <Text size="sm" fw={500} id="colours">
          Colours
        </Text>
        <SegmentedControl
          aria-labelledby="colours"
          value={colorScheme}
          onChange={(v) => setColourScheme(v as "light" | "dark" | "auto")}
          data={[
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
            { value: "auto", label: "As the system" },
          ]}
        />
      </div>
      <Select
        label="Time zone"
        description={`It is ${dateTime(now, timeZone)} ${zoneName(timeZone)}. Days of the ledger are always UTC.`}
        searchable
        allowDeselect={false}
        value={timeZone}
        onChange={(v) => v !== null && setTimeZone(v)}
        data={[
          { value: "local", label: "This browser's zone" },
          { value: "UTC", label: "UTC" },
          ...Intl.supportedValuesOf("timeZone").filter((z) => z !== "UTC"),
        ]}
      />
    </Stack>
  );
}
