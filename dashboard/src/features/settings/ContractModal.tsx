import { NumberInput, TextInput } from "@mantine/core";
import { DateInput } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import { PriceSelect } from "~/shared/prices/PriceSelect";
import { prices } from "~/shared/prices/prices";
import { DatedModal, number, today } from "./DatedModal";
import "@mantine/dates/styles.css";

/** Discount, fee and committed minimum of a contract. Rates of single meters are written down through the API. */
export function ContractModal({ onClose }: { onClose: () => void }) {
  const book = useQuery(prices()).data?.items ?? [];
  const form = useForm({
    initialValues: {
      name: "",
      entry: undefined as string | undefined,
      validFrom: today(),
      validUntil: null as string | null,
      discountPct: "" as number | string,
      platformFee: "" as number | string,
      minimumPerMonth: "" as number | string,
      source: "",
      reason: "",
    },
    validate: { name: (v) => (v.trim() === "" ? "Give it a name." : null) },
  });
  const currency = book.find((p) => p.id === form.values.entry)?.currency;
  return (
    <DatedModal
      title="What a contract says"
      form={form}
      onClose={onClose}
      save={(v) =>
        call(
          api.PUT("/api/v2/contracts/{id}", {
            params: { path: { id: v.name.trim() } },
            body: {
              entry: v.entry ?? null,
              validFrom: v.validFrom,
              validUntil: v.validUntil,
              currency: currency ?? null,
              source: v.source,
              charges: [],
              discountPct: number(v.discountPct),
              platformFee: number(v.platformFee),
              minimumPerMonth: number(v.minimumPerMonth),
              selfHosted: null,
              reason: v.reason || null,
            },
          }),
        )
      }
    >
      <TextInput label="Name" withAsterisk data-autofocus {...form.getInputProps("name")} />
      <PriceSelect withAsterisk {...form.getInputProps("entry")} />
      <DateInput label="From the day (UTC)" valueFormat="YYYY-MM-DD" {...form.getInputProps("validFrom")} />
      <DateInput label="Until" clearable valueFormat="YYYY-MM-DD" {...form.getInputProps("validUntil")} />
      <NumberInput label="Discount (per cent)" min={0} max={100} {...form.getInputProps("discountPct")} />
      <NumberInput
        label={`Platform fee a month${currency === undefined ? "" : ` (${currency})`}`}
        min={0}
        {...form.getInputProps("platformFee")}
      />
      <NumberInput
        label={`Committed minimum a month${currency === undefined ? "" : ` (${currency})`}`}
        min={0}
        {...form.getInputProps("minimumPerMonth")}
      />
    </DatedModal>
  );
}
