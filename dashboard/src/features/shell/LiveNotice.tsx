import { Badge, Tooltip, VisuallyHidden } from "@mantine/core";
import { type LiveFeed, useLiveState } from "~/shared/live/live";

const SAYS = {
  live: { color: "teal", label: "Live", hint: "Changes show as they happen." },
  connecting: { color: "gray", label: "Connecting", hint: "The live connection is being opened." },
  away: {
    color: "orange",
    label: "Reconnecting",
    hint: "The control plane does not answer. What is shown is what it said last; everything is read again once it is back.",
  },
} as const;

/** Whether what is shown follows what happens. */
export function LiveNotice({ feed }: { feed: LiveFeed }) {
  const { color, label, hint } = SAYS[useLiveState(feed)];
  return (
    <Tooltip label={hint} multiline maw={280}>
      <Badge variant="dot" color={color} role="status" tabIndex={0} data-testid="live-state">
        {label}
        <VisuallyHidden>. {hint}</VisuallyHidden>
      </Badge>
    </Tooltip>
  );
}
