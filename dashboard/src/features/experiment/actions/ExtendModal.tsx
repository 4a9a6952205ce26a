import { Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import type { ExperimentView } from "~/api/schema";
import { parseDuration, writeDuration } from "~/shared/format/durations";
import { duration } from "~/shared/format/numbers";
import { FormModal } from "~/shared/forms/FormModal";
import { extend } from "./commands";

/** Lets it measure for longer. */
export function ExtendModal({ x, onClose }: { x: ExperimentView; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { by: writeDuration(x.plan.durationSeconds), reason: "" },
    validate: { by: (v) => ((parseDuration(v) ?? 0) > 0 ? null : "Write a time such as 30 min or 2 h.") },
  });
  return (
    <FormModal
      title="Measure for longer"
      form={form}
      confirm="Extend"
      done="It measures for longer; every host is told."
      save={({ by, reason }) => extend(x.id, parseDuration(by) ?? 0, reason)}
      onSaved={() => queries.invalidateQueries({ queryKey: ["experiments"] })}
      onClose={onClose}
    >
      <Text size="sm">
        It is planned for {duration(x.plan.durationSeconds)}. A host that cannot be reached ends the candidate at the earlier time and is
        missing from then on.
      </Text>
      <TextInput label="Longer by" data-autofocus {...form.getInputProps("by")} />
    </FormModal>
  );
}
