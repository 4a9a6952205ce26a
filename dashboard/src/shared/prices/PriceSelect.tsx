import { Select, type SelectProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { prices } from "./prices";

interface Props extends Omit<SelectProps, "data" | "value" | "onChange"> {
  value?: string;
  onChange?: (price: string | undefined) => void;
}

/** A price of the book, by vendor. */
export function PriceSelect({ value, onChange, ...others }: Props) {
  const book = useQuery(prices()).data;
  const vendors = Map.groupBy(book?.items ?? [], (p) => p.vendor);
  return (
    <Select
      label="Price"
      searchable
      clearable
      // Choosing again what is chosen is no way to clear it.
      allowDeselect={false}
      value={value ?? null}
      onChange={(chosen) => onChange?.(chosen ?? undefined)}
      data={[...vendors].map(([group, entries]) => ({ group, items: entries.map((p) => ({ value: p.id, label: p.name })) }))}
      {...others}
    />
  );
}
