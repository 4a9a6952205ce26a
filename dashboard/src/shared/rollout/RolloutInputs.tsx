import { NumberInput, Select, SimpleGrid, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { RolloutFields } from "./rollout";

/** In which waves a pipeline comes to the hosts, and what stops it. What is left empty takes the default that stands in the field. */
export function WaveInputs<T extends RolloutFields>({ form }: { form: UseFormReturnType<T> }) {
  const input = (name: keyof RolloutFields) => form.getInputProps(name);
  return (
    <Stack gap="sm">
      <TagsInput
        label="Waves"
        description="With how many hosts each ends: numbers such as 1, shares such as 25%, or labels such as stage=canary. Waves that add no host are left out."
        placeholder={form.values.waves.length === 0 ? "1, 10%, 50%, 100%" : undefined}
        acceptValueOnBlur
        {...input("waves")}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput label="Watch each wave for" placeholder="5 min" {...input("soak")} />
        <TextInput label="Wait for hosts" placeholder="15 min" {...input("patience")} />
        <NumberInput label="Hosts that may fail" placeholder="0" min={0} allowDecimal={false} {...input("maxFailures")} />
        <NumberInput label="… or this share of those asked" placeholder="0" min={0} max={100} suffix=" %" {...input("maxFailuresPct")} />
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
  );
}

interface GateProps<T extends RolloutFields> {
  form: UseFormReturnType<T>;
  /** Whether an experiment has measured what the pipeline saves, so that a gate can ask for it. */
  predicted?: boolean;
}

/** What must hold after each wave, over all hosts that run the version. */
export function GateInputs<T extends RolloutFields>({ form, predicted = false }: GateProps<T>) {
  const input = (name: keyof RolloutFields) => form.getInputProps(name);
  const check = (name: keyof RolloutFields) => form.getInputProps(name, { type: "checkbox" });
  return (
    <Stack gap="sm">
      <Switch
        label="Judge each wave by what its hosts report"
        description="Without it nothing is asked after a wave but that its hosts took the version, and the audit log says so."
        {...check("gate")}
      />
      {form.values.gate && (
        <>
          <Switch label="Data must leave every host, without loss" {...check("dataLeaves")} />
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <NumberInput
              label="Label group off by at most"
              placeholder="0.1"
              min={0}
              decimalScale={4}
              suffix=" %"
              {...input("maxConservationErrorPct")}
            />
            {predicted && (
              <NumberInput
                label="Saves less by at most"
                placeholder="10"
                min={0}
                max={100}
                suffix=" points"
                {...input("maxSavingShortfallPct")}
              />
            )}
            <NumberInput label="CPU at most" placeholder="100" min={0} suffix=" % of a core" {...input("maxCpuPct")} />
            <NumberInput label="Memory at most" placeholder="512" min={0} suffix=" MiB" {...input("maxResidentMiB")} />
          </SimpleGrid>
        </>
      )}
    </Stack>
  );
}
