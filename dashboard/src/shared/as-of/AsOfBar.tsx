import { ActionIcon, Alert, Box, Button, Card, CopyButton, Group, Slider, Text, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconClock, IconLink } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { showDone } from "~/shared/components/showProblem";
import { TimeText } from "~/shared/components/TimeText";
import { dateTime, zoneName } from "~/shared/format/times";
import { useNow } from "~/shared/format/useNow";
import { usePreferences } from "~/shared/session/preferences";
import { AroundHere } from "./AroundHere";
import { DensityMarks } from "./DensityMarks";
import { chosen, isNow, marks, stepOf } from "./moments";
import { density, type EventScope, neighbour } from "./queries";
import { useAsOf } from "./useAsOf";

interface Props {
  /** Whose events are stepped through and marked. */
  scope: EventScope;
  /** Where the slider begins, such as when an experiment was drafted; by default with the first event of the log. */
  from?: string | null;
  /** What is shown, in the banner's words, such as "The experiment". */
  what: string;
  /** Lists what happened around the moment; pages that list events anyway do it there. */
  showsEvents?: boolean;
}

/** Goes through time: the page's address keeps the moment, and everything on the page that can be shown as it was is. */
export function AsOfBar({ scope, from, what, showsEvents = false }: Props) {
  const { at, setAt } = useAsOf();
  const { timeZone } = usePreferences();
  const now = useNow();
  const histogram = useQuery(density(scope, from ?? undefined));
  const step = useMutation({
    mutationFn: (direction: "earlier" | "later") => neighbour(scope, at, direction),
    onSuccess: (found, direction) => {
      if (found !== null) setAt(found);
      else if (direction === "later") setAt(null);
      else showDone("Nothing happened before that.");
    },
  });

  const [begin, end] = [Date.parse(from ?? histogram.data?.from ?? new Date(now).toISOString()), now];
  const here = at === null ? end : Math.min(end, Math.max(begin, Date.parse(at)));
  const [dragged, setDragged] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a moment that comes from elsewhere ends the drag.
  useEffect(() => setDragged(null), [at]);
  const said = (value: number) => (isNow(value, begin, end) ? "now" : dateTime(value, timeZone));

  return (
    <Card padding="xs" mb="md" className="no-print" component="section" aria-label="Time travel">
      <Group gap="xs" wrap="nowrap" align="center">
        <Tooltip label="To the event before">
          <ActionIcon variant="default" aria-label="To the event before" loading={step.isPending} onClick={() => step.mutate("earlier")}>
            <IconChevronLeft size={18} />
          </ActionIcon>
        </Tooltip>
        <div style={{ flex: 1, minWidth: 0, paddingInline: 8 }}>
          <DensityMarks marks={histogram.data === undefined ? [] : marks(histogram.data, begin, end)} />
          <Slider
            size="sm"
            min={begin}
            max={Math.max(end, begin + 1_000)}
            step={stepOf(begin, end)}
            value={dragged ?? here}
            onChange={setDragged}
            onChangeEnd={(value) => {
              setDragged(null);
              setAt(chosen(value, begin, end));
            }}
            label={said}
            thumbLabel="Moment that is shown"
            thumbProps={{ "aria-valuetext": dragged === null && at !== null ? dateTime(here, timeZone) : said(dragged ?? here) }}
            disabled={histogram.data === undefined && !from}
          />
          <Group justify="space-between" gap="xs" wrap="nowrap" mt={4}>
            <Text size="xs" c="dimmed" truncate>
              Back to {dateTime(begin, timeZone)}
            </Text>
            <Text size="xs" c="dimmed">
              Now
            </Text>
          </Group>
        </div>
        <Tooltip label={at === null ? "This is now" : "To the event after"}>
          <ActionIcon
            variant="default"
            aria-label="To the event after"
            disabled={at === null}
            loading={step.isPending}
            onClick={() => step.mutate("later")}
          >
            <IconChevronRight size={18} />
          </ActionIcon>
        </Tooltip>
        <CopyButton value={linkTo(at ?? new Date(now).toISOString())} timeout={2_000}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? "Copied" : "Copy a link to this moment"}>
              <ActionIcon variant="default" aria-label="Copy a link to this moment" onClick={copy}>
                <IconLink size={18} color={copied ? "var(--mantine-color-teal-6)" : undefined} />
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      {at !== null && (
        <Alert color="yellow" icon={<IconClock />} mt="xs" p="xs" role="status" title={`${what} as it was, not as it is`}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              Shown at <TimeText at={at} /> {zoneName(timeZone, at)}. Nothing can be changed there.
            </Text>
            <Button size="compact-sm" variant="default" onClick={() => setAt(null)}>
              Back to now
            </Button>
          </Group>
        </Alert>
      )}
      {at !== null && showsEvents && (
        <Box mt="sm">
          <AroundHere at={at} scope={scope} />
        </Box>
      )}
    </Card>
  );
}

function linkTo(at: string): string {
  const url = new URL(location.href);
  url.searchParams.set("at", at);
  return url.href;
}
