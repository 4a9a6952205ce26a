import { type RegisteredRouter, type ToOptions, useRouter } from "@tanstack/react-router";
import { type MouseEvent, type ReactNode, useEffect, useMemo, useState } from "react";
import classes from "./cells.module.css";

type CellLinkProps<TTo extends string> = ToOptions<RegisteredRouter, string, TTo> & {
  children: ReactNode;
  title?: string;
  /** What is wider is cut off. */
  maxWidth?: number;
};

/** A link to a page in a row. Where it leads is made once: {@link PageLink} asks that anew at each step of the router, and a table has hundreds. */
export function CellLink<const TTo extends string>({ children, title, maxWidth, ...to }: CellLinkProps<TTo>) {
  const router = useRouter();
  const key = JSON.stringify(to);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what says the same leads to the same place.
  const { href } = useMemo(() => router.buildLocation(to as never), [router, key]);
  const follow = (event: MouseEvent) => {
    // Another tab or window is the browser's matter.
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate(to as never);
  };
  const askAhead = () => void router.preloadRoute(to as never);
  return (
    <a
      href={router.history.createHref(href)}
      onClick={follow}
      onMouseEnter={askAhead}
      onFocus={askAhead}
      onTouchStart={askAhead}
      title={title}
      className={maxWidth === undefined ? classes.link : `${classes.link} ${classes.clipped}`}
      style={{ maxWidth }}
    >
      {children}
    </a>
  );
}

/** A sign with a word, such as a state. */
export function CellMark({ icon, title, children }: { icon: ReactNode; title?: string; children: ReactNode }) {
  return (
    <span className={classes.mark} title={title}>
      {icon}
      {children}
    </span>
  );
}

interface CellTickProps {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** Ticked at once, though what is ticked stands in the address, and the table follows that a moment later. */
export function CellTick({ label, checked, disabled, onChange }: CellTickProps) {
  const [shown, setShown] = useState(checked);
  // What is disabled was refused: its box says so.
  // biome-ignore lint/correctness/useExhaustiveDependencies: both are reasons to look again.
  useEffect(() => setShown(checked), [checked, disabled]);
  return (
    <input
      type="checkbox"
      className={classes.tick}
      aria-label={label}
      checked={shown}
      disabled={disabled}
      onChange={(event) => {
        setShown(event.currentTarget.checked);
        onChange(event.currentTarget.checked);
      }}
    />
  );
}

/** A text that may be longer than its column; all of it is in the browser's own tooltip. */
export function CellText({ children, maxWidth }: { children: string; maxWidth: number }) {
  return (
    <span className={classes.clipped} style={{ maxWidth }} title={children}>
      {children}
    </span>
  );
}

export const CellNothing = ({ children }: { children: ReactNode }) => <span className={classes.dimmed}>{children}</span>;
