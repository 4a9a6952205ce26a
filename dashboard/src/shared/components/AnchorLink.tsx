import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { Ref } from "react";

function PlainAnchor({ ref, ...props }: Omit<AnchorProps, "href"> & { ref?: Ref<HTMLAnchorElement> }) {
  return <Anchor ref={ref} {...props} />;
}

function PlainButton({ ref, ...props }: Omit<ButtonProps, "href"> & { ref?: Ref<HTMLAnchorElement> }) {
  return <Button ref={ref} component="a" {...props} />;
}

/** A link in the looks of the page whose target, parameters and search the router checks. */
export const AnchorLink = createLink(PlainAnchor);

/** The same as a button. */
export const ButtonLink = createLink(PlainButton);
