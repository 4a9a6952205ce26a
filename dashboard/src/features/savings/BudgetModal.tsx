import { Group, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { api, call } from "~/api/client";
import type { BudgetScope, BudgetView } from "~/api/schema";
import { FormModal } from "~/shared/forms/FormModal";
import { pipelines } from "~/shared/pipelines/queries";
import { PriceSelect } from "~/shared/prices/PriceSelect";

const SCOPES: { value: BudgetScope; label: string }[] = [
  { value: "all", label: "Everything" },
  { value: "team", label: "A team" },
  { value: "service", label: "A service" },
  { value: "group", label: "A group of hosts" },
  { value: "pipeline", label: "A pipeline" },
];

interface Values {
  name: string;
  scope: BudgetScope;
  of: string;
  amountPerMonth: number | string;
  currency: string;
  priceEntry: string | undefined;
  thresholdsPct: string[];
  reason: string;
}

/** Sets a budget, or says something else with one. */
export function BudgetModal({ budget, onClose }: { budget: BudgetView | null; onClose: () => void }) {
  const terms = budget?.terms;
  const known = useQuery(pipelines()).data?.items ?? [];
  const form = useForm<Values>({
    initialValues: {
      name: terms?.name ?? "",
      scope: terms?.scope ?? "all",
      of: terms?.of ?? "",
      amountPerMonth: terms?.amountPerMonth ?? "",
      currency: terms?.currency ?? "USD",
      priceEntry: terms?.priceEntry,
      thresholdsPct: (terms?.thresholdsPct ?? [80, 100]).map(String),
      reason: "",
    },
  });
  const save = (v: Values) => {
    const body = {
      name: v.name,
      scope: v.scope,
      of: v.scope === "all" ? null : v.of,
      amountPerMonth: v.amountPerMonth === "" ? null : Number(v.amountPerMonth),
      currency: v.currency,
      priceEntry: v.priceEntry ?? null,
      thresholdsPct: v.thresholdsPct.map(Number),
      reason: v.reason === "" ? null : v.reason,
    };
    return budget === null
      ? call(api.POST("/api/v2/budgets", { body }))
      : call(api.PUT("/api/v2/budgets/{id}", { params: { path: { id: budget.id } }, body }));
  };

  return (
    <FormModal
      title={budget === null ? "Set a budget" : `Change the budget ${terms?.name}`}
      form={form}
      confirm={budget === null ? "Set it" : "Change it"}
      done={budget === null ? "The budget is set." : "The budget was changed."}
      save={save}
      onClose={onClose}
    >
      <TextInput label="Name" withAsterisk data-autofocus {...form.getInputProps("name")} />
      <Select label="What it is of" data={SCOPES} allowDeselect={false} {...form.getInputProps("scope")} />
      {form.values.scope === "pipeline" ? (
        <Select
          label="Pipeline"
          searchable
          withAsterisk
          data={known.map((p) => p.name)}
          {...form.getInputProps("of")}
          value={form.values.of || null}
        />
      ) : (
        form.values.scope !== "all" && (
          <TextInput
            label="Which"
            description="As the hosts' labels, or the group, are called."
            withAsterisk
            {...form.getInputProps("of")}
          />
        )
      )}
      <Group grow align="flex-start">
        <NumberInput
          label="Amount a month"
          withAsterisk
          min={0}
          decimalScale={2}
          thousandSeparator=","
          {...form.getInputProps("amountPerMonth")}
        />
        <TextInput label="Currency" withAsterisk maxLength={3} {...form.getInputProps("currency")} />
      </Group>
      <PriceSelect withAsterisk {...form.getInputProps("priceEntry")} />
      <TagsInput
        label="Tell at (per cent)"
        description="Levels of the amount at which somebody is told."
        {...form.getInputProps("thresholdsPct")}
      />
    </FormModal>
  );
}
