import { Anchor, Drawer, List, Stack, Table, Text, Title } from "@mantine/core";
import type { PriceEntry } from "~/api/schema";
import { count, decimal, money } from "~/shared/format/numbers";

/** One plan as it is reckoned: meters, tiers, what is free, and where that was read. */
export function PriceDrawer({ entry, onClose }: { entry: PriceEntry; onClose: () => void }) {
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={`${entry.vendor}: ${entry.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <List size="sm">
          <List.Item>Id {entry.id}</List.Item>
          <List.Item>
            Valid from {entry.validFrom}
            {entry.validUntil === null ? "" : ` until ${entry.validUntil}`}, as published on {entry.asOf}
          </List.Item>
          <List.Item>
            Confidence: formula {entry.formulaConfidence}, rates {entry.confidence}
          </List.Item>
          {entry.platformFee > 0 && <List.Item>Platform fee {money(entry.platformFee, entry.currency)} a month</List.Item>}
        </List>
        {entry.charges.map((charge) => (
          <Stack key={charge.meter} gap={4}>
            <Title order={3}>{charge.meter}</Title>
            <Text size="sm" c="dimmed">
              {(charge.included ?? 0) > 0 && `${count(charge.included)} a month are free. `}
              {(charge.includedPerHost ?? 0) > 0 && `${count(charge.includedPerHost)} for each host are free. `}
              {charge.scale !== 1 && `Scaled by ${decimal(charge.scale, 4)}.`}
            </Text>
            {charge.tiers.length === 0 ? (
              <Text size="sm">The vendor publishes no rate: a contract has to say it.</Text>
            ) : (
              <Table aria-label={`Tiers of ${charge.meter}`}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>From units</Table.Th>
                    <Table.Th>A million units</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {charge.tiers.map((tier) => (
                    <Table.Tr key={tier.from}>
                      <Table.Td>{count(tier.from)}</Table.Td>
                      <Table.Td>{money(tier.perUnit * 1_000_000, entry.currency)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </Stack>
        ))}
        <Text size="sm">
          Source:{" "}
          {/^https?:\/\//.test(entry.source) ? (
            <Anchor href={entry.source} target="_blank" rel="noreferrer">
              {entry.source}
            </Anchor>
          ) : (
            entry.source
          )}
        </Text>
      </Stack>
    </Drawer>
  );
}
