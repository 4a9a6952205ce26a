import { IconCoins } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { EmptyState } from "~/shared/components/EmptyState";
import { usualPrice } from "~/shared/prices/prices";

/** The price that was chosen, else the one that experiments are valued by; `none` where there is neither. */
export function useValuedBy(chosen: string | undefined): { price: string | undefined; none: boolean } {
  const usual = useQuery({ ...usualPrice, enabled: chosen === undefined });
  const price = chosen ?? usual.data ?? undefined;
  return { price, none: price === undefined && usual.data === null };
}

export function NoPrice() {
  return (
    <EmptyState icon={<IconCoins />} title="Choose a price">
      No experiment says yet by which price money is reckoned.
    </EmptyState>
  );
}
