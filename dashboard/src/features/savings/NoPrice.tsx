import { IconCoins } from "@tabler/icons-react";
import { EmptyState } from "~/shared/components/EmptyState";

export function NoPrice() {
  return (
    <EmptyState icon={<IconCoins />} title="Choose a price">
      No experiment says yet by which price money is reckoned.
    </EmptyState>
  );
}
