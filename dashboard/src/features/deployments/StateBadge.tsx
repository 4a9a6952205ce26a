import { Badge } from "@mantine/core";

/** A state in a word; the colour only underlines it. */
export const StateBadge = ({ of }: { of: { label: string; color: string } }) => (
  <Badge variant="light" color={of.color}>
    {of.label}
  </Badge>
);
