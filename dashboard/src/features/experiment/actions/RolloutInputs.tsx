import { Accordion, NumberInput, Select, SimpleGrid, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { RolloutFields } from "./rollout";

/** How the pipeline comes to the hosts. What is left empty takes the default that stands in the field. */
export function RolloutInputs<T extends RolloutFields>({ form }: { form: UseFormReturnType<T> }) {
  const input = (name: keyof RolloutFields) => form.getInputProps(name);
  return (
    <Accordion variant="separated" chevronPosition="left">
      <Accordion.Item value="rollout">
        <Accordion.Control>Waves and limits</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            <TagsInput
              label="Waves"
              description="How many hosts each wave ends with: numbers, shares such as 10%, or labels such as stage=canary."
              placeholder="1, 10%, 50%, 100%"
              {...input("waves")}
            />
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
              <TextInput label="Watch each wave for" placeholder="5 min" {...input("soak")} />
              <TextInput label="Wait for hosts" placeholder="15 min" {...input("patience")} />
              <NumberInput label="Hosts that may fail" placeholder="0" min={0} allowDecimal={false} {...input("maxFailures")} />
              <NumberInput
                label="… or this share of those asked"
                placeholder="0"
                min={0}
                max={100}
                suffix=" %"
                {...input("maxFailuresPct")}
              />
            </SimpleGrid>
            <Select
              label="When more fail, or a gate is not met"
              placeholder="Roll back"
              clearable
              data={[
                { value: "rollBack", label: "Roll back" },
                { value: "hold", label: "Hold, and let a person decide" },
              ]}
              {...input("onFailure")}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="gate">
        <Accordion.Control>Gate after each wave</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            <Switch
              label="Ask nothing after a wave but that its hosts took the version"
              description="The audit log says that nothing was asked."
              {...form.getInputProps("gateOff", { type: "checkbox" })}
            />
            {!form.values.gateOff && (
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
                <NumberInput
                  label="Label group off by at most"
                  placeholder="0.1"
                  min={0}
                  suffix=" %"
                  {...input("maxConservationErrorPct")}
                />
                <NumberInput
                  label="Saves less by at most"
                  placeholder="10"
                  min={0}
                  max={100}
                  suffix=" points"
                  {...input("maxSavingShortfallPct")}
                />
                <NumberInput label="CPU at most" placeholder="100" min={0} suffix=" % of a core" {...input("maxCpuPct")} />
                <NumberInput label="Memory at most" placeholder="512" min={0} suffix=" MiB" {...input("maxResidentMiB")} />
              </SimpleGrid>
            )}
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
