import { Anchor, Skeleton, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { DecisionView, ExperimentHostView, ExperimentView, TimelineEntry } from "~/api/schema";
import { toMicros } from "~/shared/as-of/moments";
import { ProblemAlert } from "~/shared/components/ProblemAlert";
import { QueryView } from "~/shared/components/QueryView";
import { Section } from "~/shared/components/Section";
import { TimeText } from "~/shared/components/TimeText";
import { spaced } from "~/shared/events/sentences";
import { claimWords } from "~/shared/experiments/claims";
import { bytes, count, decimal, duration, percent, UNKNOWN } from "~/shared/format/numbers";
import { prices } from "~/shared/prices/prices";
import { EventTimeline, shown } from "../EventsTab";
import { Row } from "../overview/VisibilityPanel";
import type { AllPages } from "./useAllPages";

/** What was asked, of whom, and how it was to be measured. */
export function Question({ x }: { x: ExperimentView }) {
  const { criteria: c, plan } = x;
  return (
    <Section title="Question and plan" says={x.hypothesis}>
      <Table variant="vertical" aria-label="Question and plan">
        <Table.Tbody>
          <Row name="Baseline" value={`${x.baseline.name} version ${x.baseline.version} (${x.baseline.configurationHash.slice(0, 12)})`} />
          <Row
            name="Candidate"
            value={`${x.candidate.name} version ${x.candidate.version} (${x.candidate.configurationHash.slice(0, 12)})`}
          />
          <Row
            name="Hosts"
            value={`${count(x.hosts.length)}${x.group ? `, group ${x.group}` : x.selector ? `, ${x.selector}` : ", by name"}`}
          />
          {x.sample !== null && <Row name="Drawn" value={`${count(x.sample.drawn.length)} of a fleet of ${count(x.sample.fleetHosts)}`} />}
          <Row
            name="Warm-up, duration, window"
            value={`${duration(plan.warmUpSeconds)}, ${duration(plan.durationSeconds)}, ${duration(plan.windowSeconds)}`}
          />
          <Row name="Windows that count, void ones" value={`${count(x.windows)}, ${count(x.voidWindows)}`} />
          <Row name="Claim that is asked" value={`${claimWords(c.claim).name}: ${claimWords(c.claim).scope}`} />
          <Row
            name="Limits of the candidate"
            value={`${decimal(c.maxCandidateCpuPct, 0)} % of a core, ${bytes(c.maxCandidateResidentBytes)}, ${duration(c.maxAddedDelaySeconds)} later`}
          />
          <Row name="Protected metrics" value={x.protectedMetrics.map(String).join(", ") || "none of its own"} />
          <Row name="Price" value={x.priceEntry} />
        </Table.Tbody>
      </Table>
    </Section>
  );
}

/** Which price, where it is from, and what it assumes. */
export function Source({ entry, on }: { entry: string; on: string | undefined }) {
  const query = useQuery(prices(on));
  return (
    <Section title="Price and assumptions">
      <QueryView query={query}>
        {(book) => {
          const price = book.items.find((p) => p.id === entry);
          if (price === undefined)
            return (
              <Text size="sm">
                The price book has no entry {entry} {on === undefined ? "today" : `of ${on}`}.
              </Text>
            );
          return (
            <>
              <Table variant="vertical" aria-label="Price and assumptions">
                <Table.Tbody>
                  <Row name="Entry" value={`${price.name} (${price.vendor})`} />
                  <Row name="As of" value={`${price.asOf}, ${price.origin === "list" ? "list price" : "by an operator"}`} />
                  <Row name="Valid" value={`from ${price.validFrom}${price.validUntil ? ` until ${price.validUntil}` : ""}`} />
                  <Row name="Confidence of the formula, of the rates" value={`${price.formulaConfidence}, ${price.confidence}`} />
                  <Row name="Billed" value={price.charges.map((c) => spaced(c.meter)).join(", ")} />
                </Table.Tbody>
              </Table>
              <Text size="sm">
                Source: {/^https?:/.test(price.source) ? <Anchor href={price.source}>{price.source}</Anchor> : price.source}
              </Text>
              <Text size="sm" c="dimmed">
                A saving is the difference of two bills of a month, with the change and without it, if the month went on as what was
                measured and nothing else were sent. It is the list price with the contract's overrides, not the invoice: taxes and credits
                are missing.
              </Text>
            </>
          );
        }}
      </QueryView>
    </Section>
  );
}

/** A part that is shown once all of it is read: what is printed must not look complete where it is not. */
export function Whole<T>({ title, read, children }: { title: string; read: AllPages<T>; children: (items: T[]) => ReactNode }) {
  if (read.complete) return children(read.items);
  return (
    <Section title={title}>
      {read.error === null ? (
        <Skeleton h={80} role="status" aria-label="Loading" />
      ) : (
        <ProblemAlert error={read.error} onRetry={read.retry} />
      )}
    </Section>
  );
}

export function HostTable({ hosts, more }: { hosts: readonly ExperimentHostView[]; more: boolean }) {
  return (
    <Section title="Hosts">
      <Table.ScrollContainer minWidth={700}>
        <Table aria-label="Hosts" className="numeric">
          <Table.Thead>
            <Table.Tr>
              {["Host", "State", "Windows", "Void", "Not reported", "Reduction", "Baseline", "Candidate", "CPU"].map((h) => (
                <Table.Th key={h}>{h}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {hosts.map((h) => (
              <Table.Tr key={h.hostId}>
                <Table.Td>{h.hostId}</Table.Td>
                <Table.Td>{spaced(h.state)}</Table.Td>
                <Table.Td>{count(h.windows)}</Table.Td>
                <Table.Td>
                  {Object.entries(h.void)
                    .map(([reason, n]) => `${n} ${reason}`)
                    .join(", ") || "0"}
                </Table.Td>
                <Table.Td>{count(h.notReported)}</Table.Td>
                <Table.Td>{percent(h.reductionPct)}</Table.Td>
                <Table.Td>{count(h.baselineLiveSeries)}</Table.Td>
                <Table.Td>{count(h.candidateLiveSeries)}</Table.Td>
                <Table.Td>{h.candidateCpuPct === null ? UNKNOWN : `${decimal(h.candidateCpuPct, 2)} %`}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {more && <Text size="sm">There are more hosts; the page of the experiment has all.</Text>}
    </Section>
  );
}

export function Decided({ decisions, at, more }: { decisions: readonly DecisionView[]; at: string | null; more: boolean }) {
  const moment = at === null ? null : toMicros(at);
  const told = decisions.filter((d) => moment === null || toMicros(d.decision.at) <= moment);
  return (
    <Section title="Decisions of adaptive processors">
      {told.length === 0 ? (
        <Text size="sm" c="dimmed">
          None was made, or none is kept any more.
        </Text>
      ) : (
        <Table aria-label="Decisions">
          <Table.Tbody>
            {told.map((d) => (
              <Table.Tr key={`${d.hostId} ${d.arm} ${d.window} ${d.decision.processor} ${d.decision.number} ${d.decision.at}`}>
                <Table.Td>
                  <TimeText at={d.decision.at} />
                </Table.Td>
                <Table.Td>
                  {d.hostId}, {d.arm}
                </Table.Td>
                <Table.Td>{d.decision.words}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {more && <Text size="sm">There are more; the export as JSON has all.</Text>}
    </Section>
  );
}

export function WhoWhenWhy({ events, at, more }: { events: readonly TimelineEntry[]; at: string | null; more: boolean }) {
  return (
    <Section title="Who, when and why" says="The experiment's events but for its windows.">
      <EventTimeline events={shown(events, at, false)} />
      {more && <Text size="sm">There are more; the export as JSON has all.</Text>}
    </Section>
  );
}
