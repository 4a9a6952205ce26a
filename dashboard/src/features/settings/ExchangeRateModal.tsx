import { Group, NumberInput, TextInput } from "@mantine/core";
import { DateInput } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { api, call } from "~/api/client";
import { DatedModal, number, today } from "./DatedModal";
import "@mantine/dates/styles.css";

export function ExchangeRateModal({ onClose }: { onClose: () => void }) {
  const form = useForm({
    initialValues: { from: "USD", to: "EUR", on: today(), rate: "" as number | string, source: "", reason: "" },
    validate: {
      from: (v) => (/^[A-Z]{3}$/.test(v) ? null : "Three letters, as USD."),
      to: (v) => (/^[A-Z]{3}$/.test(v) ? null : "Three letters, as EUR."),
    },
  });
  return (
    <DatedModal
      title="Exchange rate"
      form={form}
      onClose={onClose}
      save={({ from, to, on, rate, source, reason }) =>
        call(
          api.PUT("/api/v2/exchange-rates/{from}/{to}/{on}", {
            params: { path: { from, to, on } },
            body: { rate: number(rate), source, reason: reason || null },
          }),
        )
      }
    >
      <Group grow align="flex-start">
        <TextInput label="From" maxLength={3} data-autofocus {...form.getInputProps("from")} />
        <TextInput label="To" maxLength={3} {...form.getInputProps("to")} />
      </Group>
      <NumberInput label="One of the first is" min={0} decimalScale={6} {...form.getInputProps("rate")} />
      <DateInput label="From the day (UTC)" valueFormat="YYYY-MM-DD" {...form.getInputProps("on")} />
    </DatedModal>
  );
}
