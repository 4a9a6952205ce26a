import { Alert, Group, List, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isFinal } from "~/api/client";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { counted, duration, money, percent } from "~/shared/format/numbers";
import { prices } from "~/shared/prices/prices";
import { previewSaving } from "./queries";
import { reductionPct } from "./summarise";

interface Props {
  previews: readonly string[];
  price: string | undefined;
}

/** What hosts would be billed less a month, if every minute were like those of their samples. */
export function PreviewMoney({ previews, price }: Props) {
  const found = useQuery({ ...previewSaving(previews, price ?? ""), enabled: price !== undefined });
  const book = useQuery(prices()).data?.items;
  if (price === undefined)
    return (
      <Text size="sm" c="dimmed">
        Choose a price to see what it would be in money.
      </Text>
    );
  // Too little was seen yet, or the price needs a contract.
  if (isFinal(found.error))
    return (
      <Alert color="yellow" title="No money is told">
        {found.error?.message}
      </Alert>
    );
  if (found.isError) return <ProblemAlert error={found.error} title="No money is told" onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeleton h={64} role="status" aria-label="Reckoning money" />;
  const { saving, hosts, leftOut } = found.data;
  const { before, after, from } = saving;
  return (
    <Stack gap={4} component="section" aria-label="In money">
      <Group gap="xs" align="baseline">
        <Text fz={24} fw={650} className="numeric">
          {money(Math.abs(saving.perMonth), saving.currency)} {saving.perMonth < 0 ? "more" : "less"} a month
        </Text>
        <Text size="sm" className="numeric">
          {money(before.total, saving.currency)} if all were sent → {money(after.total, saving.currency)}
          {saving.perMonth > 0 && ` (${percent(reductionPct(before.total, after.total))} less)`}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        For {counted(hosts, "host")}, by {book?.find((p) => p.id === price)?.name ?? price}, if every minute of a month were like the{" "}
        {duration(from.measuredMinutes * 60)} that were seen.
        {leftOut.length > 0 && ` Without ${leftOut.join(", ")}: what passes there in a time is not known.`}
      </Text>
      {saving.whyNothing && <Text size="sm">Nothing is saved: {saving.whyNothing}.</Text>}
      {saving.gaps.length > 0 && (
        <List size="sm" c="dimmed" aria-label="What the money does not know">
          {saving.gaps.map((gap) => (
            <List.Item key={gap}>{gap}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
