import { ActionIcon, Card, Group, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, TextInput, Tooltip } from "@mantine/core";
import { DateTimePicker } from "@mantine/dates";
import "@mantine/dates/styles.css";
import type { UseFormReturnType } from "@mantine/form";
import { IconTrash } from "@tabler/icons-react";
import { DAYS, type FreezeValues } from "./freezes";

interface Props<T extends { freezes: FreezeValues[] }> {
  form: UseFormReturnType<T>;
  index: number;
}

/** One freeze: every week in a time zone, or once. */
export function FreezeFields<T extends { freezes: FreezeValues[] }>({ form, index }: Props<T>) {
  const at = (key: keyof FreezeValues) => `freezes.${index}.${key}`;
  const freeze = form.values.freezes[index];
  if (freeze === undefined) return null;
  return (
    <Card padding="sm">
      <Stack gap="xs">
        <Group wrap="nowrap" align="flex-end">
          <TextInput label="Name" withAsterisk style={{ flex: 1 }} {...form.getInputProps(at("name"))} />
          <Tooltip label="Remove the freeze">
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={`Remove the freeze ${freeze.name}`}
              onClick={() => form.removeListItem("freezes", index)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
        <SegmentedControl
          aria-label="When"
          data={[
            { value: "weekly", label: "Every week" },
            { value: "once", label: "Once" },
          ]}
          {...form.getInputProps(at("kind"))}
        />
        {freeze.kind === "weekly" ? (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select label="Begins on" allowDeselect={false} data={DAYS} {...form.getInputProps(at("day"))} />
            <TextInput label="At" type="time" {...form.getInputProps(at("start"))} />
            <NumberInput label="For hours" min={0} max={168} decimalScale={2} {...form.getInputProps(at("hours"))} />
            <TextInput label="Time zone" description="An IANA name, such as Europe/Berlin." {...form.getInputProps(at("timeZone"))} />
          </SimpleGrid>
        ) : (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <DateTimePicker
              label="From"
              description="Your local time."
              valueFormat="YYYY-MM-DD HH:mm"
              {...form.getInputProps(at("from"))}
            />
            <DateTimePicker
              label="Until"
              description="Your local time."
              valueFormat="YYYY-MM-DD HH:mm"
              {...form.getInputProps(at("until"))}
            />
          </SimpleGrid>
        )}
      </Stack>
    </Card>
  );
}
