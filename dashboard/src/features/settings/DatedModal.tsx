import { TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { FormModal } from "~/shared/forms/FormModal";

interface Props<V extends { source: string; reason: string }> {
  title: string;
  form: UseFormReturnType<V>;
  save: (values: V) => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}

/** A form of the price book: whatever it says has a source. */
export function DatedModal<V extends { source: string; reason: string }>({ form, children, ...modal }: Props<V>) {
  return (
    <FormModal form={form} confirm="Save" done="Saved." {...modal}>
      {children}
      <TextInput label="Source" description="Such as an invoice or a contract's number." withAsterisk {...form.getInputProps("source")} />
    </FormModal>
  );
}

/** What a field of numbers says, null where it is empty. */
export const number = (value: number | string): number | null => (value === "" ? null : Number(value));

export const today = (): string => new Date().toISOString().slice(0, 10);
