import { useQuery } from "@tanstack/react-query";
import { usualPrice } from "./prices";

/** The price that was chosen, else the one that experiments are valued by; `none` where there is neither. */
export function useValuedBy(chosen: string | undefined): { price: string | undefined; none: boolean } {
  const usual = useQuery({ ...usualPrice, enabled: chosen === undefined });
  const price = chosen ?? usual.data ?? undefined;
  return { price, none: price === undefined && usual.data === null };
}
