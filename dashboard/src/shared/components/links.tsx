import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, forwardRef } from "react";

type AnchorRest = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>;

/** An anchor to a page, typed by the routes. */
export const PageLink = createLink(
  forwardRef<HTMLAnchorElement, AnchorProps & AnchorRest>((props, ref) => <Anchor ref={ref} inherit {...props} />),
);

type ButtonRest = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>;

/** A button that leads to a page, typed by the routes. */
export const PageButton = createLink(
  forwardRef<HTMLAnchorElement, ButtonProps & ButtonRest>((props, ref) => <Button ref={ref} component="a" {...props} />),
);
