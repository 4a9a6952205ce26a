import { Alert, Group, List, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isFinal } from "~/api/client";
import type { PreviewSavingView } from "~/api/schema";
import { QueryView } from "~/shared/components/QueryView";
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
  return (
    <div aria-live="polite">
      {price === undefined ? (
        <Text size="sm" c="dimmed">
          Choose a price to see what it would be in money.
        </Text>
      ) : isFinal(found.error) && found.data === undefined ? (
        // Such as: too little was seen yet, or the price needs a contract.
        <Alert color="yellow" title="No money is told">
          {found.error?.message}
        </Alert>
      ) : (
        <QueryView query={found} loading={<Skeleton h={64} aria-label="Reckoning money" />}>
          {(view) => <Told view={view} price={price} />}
        </QueryView>
      )}
    </div>
  );
}

function Told({ view: { saving, hosts, leftOut }, price }: { view: PreviewSavingView; price: string }) {
  const name = useQuery(prices()).data?.items.find((p) => p.id === price)?.name ?? price;
  const { before, after, from, currency } = saving;
  return (
    <Stack gap={4}>
      <Group gap="xs" align="baseline">
        <Text fz={24} fw={650} className="numeric">
          {money(Math.abs(saving.perMonth), currency)} {saving.perMonth < 0 ? "more" : "less"} a month
        </Text>
        <Text size="sm" className="numeric">
          {money(before.total, currency)} if all were sent → {money(after.total, currency)}
          {saving.perMonth > 0 && ` (${percent(reductionPct(before.total, after.total))} less)`}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        For {counted(hosts, "host")}, by {name}, if every minute of a month were like the {duration(from.measuredMinutes * 60)} that{" "}
        {hosts === 1 ? "was" : "were"} looked at.
      </Text>
      {saving.whyNothing && <Text size="sm">Nothing is saved: {saving.whyNothing}.</Text>}
      {leftOut.map((h) => (
        <Text key={h.hostId} size="sm">
          Without {h.hostId}: {h.detail}
        </Text>
      ))}
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
