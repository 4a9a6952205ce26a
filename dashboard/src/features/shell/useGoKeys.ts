import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { PAGES } from "./pages";

const PATIENCE_MS = 1_200;

/** g and then a page's letter go there, as in other consoles. Not while somebody types. */
export function useGoKeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let pressedG = 0;
    const hear = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === "g") {
        pressedG = Date.now();
        return;
      }
      const page = Date.now() - pressedG < PATIENCE_MS ? PAGES.find((p) => p.key === event.key) : undefined;
      pressedG = 0;
      if (page === undefined) return;
      event.preventDefault();
      void navigate({ to: page.to });
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [navigate]);
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
