import { Card, NumberInput, SimpleGrid, Stack, Switch, Title } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { PlanValues } from "./plan";

interface Props {
  form: UseFormReturnType<PlanValues>;
  refused: (...fields: string[]) => string | null;
}

/** What must hold after each wave, over all hosts that run the version. */
export function GateFields({ form, refused }: Props) {
  return (
    <Card>
      <Title order={2} mb="sm">
        Gate
      </Title>
      <Stack gap="sm">
        <Switch label="Judge each wave by what its hosts report" {...form.getInputProps("gate", { type: "checkbox" })} />
        {form.values.gate && (
          <>
            <Switch label="Data must leave every host, without loss" {...form.getInputProps("dataLeaves", { type: "checkbox" })} />
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              <NumberInput
                label="Error of a label group, at most"
                suffix=" %"
                min={0}
                decimalScale={4}
                {...form.getInputProps("maxConservationErrorPct")}
                error={refused("rollout.gate.maxConservationErrorPct")}
              />
              <NumberInput
                label="CPU, mean, at most"
                suffix=" % of a core"
                min={0}
                {...form.getInputProps("maxCpuPct")}
                error={refused("rollout.gate.maxCpuPct")}
              />
              <NumberInput
                label="Memory, mean, at most"
                suffix=" MiB"
                min={0}
                {...form.getInputProps("maxResidentMib")}
                error={refused("rollout.gate.maxResidentBytes")}
              />
            </SimpleGrid>
          </>
        )}
      </Stack>
    </Card>
  );
}
