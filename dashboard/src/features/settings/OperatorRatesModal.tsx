import { NumberInput, TextInput } from "@mantine/core";
import { DateInput } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { api, call } from "~/api/client";
import { DatedModal, number, today } from "./DatedModal";
import "@mantine/dates/styles.css";

export function OperatorRatesModal({ onClose }: { onClose: () => void }) {
  const form = useForm({
    initialValues: {
      on: today(),
      currency: "USD",
      perCoreHour: "" as number | string,
      perMemoryGigabyteHour: "" as number | string,
      perStorageGigabyteMonth: "" as number | string,
      source: "",
      reason: "",
    },
  });
  return (
    <DatedModal
      title="Rates of own machines"
      form={form}
      onClose={onClose}
      save={(v) =>
        call(
          api.PUT("/api/v2/operator-rates/{on}", {
            params: { path: { on: v.on } },
            body: {
              currency: v.currency,
              perCoreHour: number(v.perCoreHour),
              perMemoryGigabyteHour: number(v.perMemoryGigabyteHour),
              perStorageGigabyteMonth: number(v.perStorageGigabyteMonth),
              source: v.source,
              reason: v.reason || null,
            },
          }),
        )
      }
    >
      <DateInput label="From the day (UTC)" valueFormat="YYYY-MM-DD" data-autofocus {...form.getInputProps("on")} />
      <TextInput label="Currency" maxLength={3} {...form.getInputProps("currency")} />
      <NumberInput label="A core hour" min={0} decimalScale={6} {...form.getInputProps("perCoreHour")} />
      <NumberInput label="A GB hour of memory" min={0} decimalScale={6} {...form.getInputProps("perMemoryGigabyteHour")} />
      <NumberInput label="A GB month of storage" min={0} decimalScale={6} {...form.getInputProps("perStorageGigabyteMonth")} />
    </DatedModal>
  );
}
