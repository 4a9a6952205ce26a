import { Anchor, Collapse, Table, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { ExperimentView, WhatIfAnswer } from "~/api/schema";
import { useAsOf } from "~/shared/as-of/useAsOf";
import { Section } from "~/shared/components/Section";
import { whatIf } from "~/shared/experiments/queries";
import { decimal, money, UNKNOWN } from "~/shared/format/numbers";
import { Computed } from "./Computed";

/** The same reduction under every price of the book. */
export function WhatIfPanel({ x }: { x: ExperimentView }) {
  const { at } = useAsOf();
  const query = useQuery(whatIf(x.id, at));
  return (
    <Section
      title="What it would be worth elsewhere"
      says="The same change under every price of the book, as if these hosts sent all there is. It says nothing of what moving there would cost."
    >
      <Computed query={query}>
        {(view) => (
          <>
            <Answers answers={view.answers} own={x.priceEntry} />
            <Text size="xs" c="dimmed">
              From {decimal(view.measuredMinutes, 1)} measured minutes, by the prices of {view.on}.
            </Text>
          </>
        )}
      </Computed>
    </Section>
  );
}

/** The dearest first; what has no figure last. */
export const byWorth = (answers: readonly WhatIfAnswer[]): WhatIfAnswer[] =>
  [...answers].sort((a, b) => (b.saving?.perMonth ?? Number.NEGATIVE_INFINITY) - (a.saving?.perMonth ?? Number.NEGATIVE_INFINITY));

export function Answers({ answers, own }: { answers: readonly WhatIfAnswer[]; own: string }) {
  const [opened, { toggle }] = useDisclosure(false);
  const sorted = byWorth(answers);
  const told = sorted.filter((a) => a.saving !== null);
  const untold = sorted.filter((a) => a.saving === null);
  return (
    <>
      <Table.ScrollContainer minWidth={560}>
        <Table aria-label="Saving by price" className="numeric">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Price</Table.Th>
              <Table.Th ta="right">Bill now</Table.Th>
              <Table.Th ta="right">Saving a month</Table.Th>
              <Table.Th ta="right">At least</Table.Th>
              <Table.Th ta="right">At most</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {told.map(({ priceEntry, vendor, saving: s }) => (
              <Table.Tr key={priceEntry} fw={priceEntry === own ? 700 : undefined}>
                <Table.Td>
                  {vendor}
                  <Text size="xs" c="dimmed">
                    {priceEntry}
                    {priceEntry === own ? " (the experiment's)" : ""}
                  </Text>
                </Table.Td>
                <Table.Td ta="right">{money(s?.before.total, s?.currency)}</Table.Td>
                <Table.Td ta="right">
                  {s?.whyNothing ? (
                    <Tooltip label={s.whyNothing} multiline maw={320}>
                      <span>{money(s.perMonth, s.currency)}</span>
                    </Tooltip>
                  ) : (
                    money(s?.perMonth, s?.currency)
                  )}
                </Table.Td>
                <Table.Td ta="right">{s?.lower === null ? UNKNOWN : money(s?.lower, s?.currency)}</Table.Td>
                <Table.Td ta="right">{s?.upper === null ? UNKNOWN : money(s?.upper, s?.currency)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {untold.length > 0 && (
        <div>
          <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={opened} className="no-print">
            {untold.length} prices tell nothing of this {opened ? "(hide)" : "(why)"}
          </Anchor>
          <Collapse expanded={opened}>
            <Table aria-label="Prices without a figure">
              <Table.Tbody>
                {untold.map((a) => (
                  <Table.Tr key={a.priceEntry}>
                    <Table.Td>{a.priceEntry}</Table.Td>
                    <Table.Td>{a.rejection?.detail}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Collapse>
        </div>
      )}
    </>
  );
}
