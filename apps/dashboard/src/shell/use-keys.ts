import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { chooseTheme, nextTheme } from "../effects/theme.ts";
import { after } from "../effects/time.ts";
import { hasUnsaved } from "../effects/unsaved.ts";
import { heard, isTyping } from "./keys.ts";
import { places } from "./places.ts";

const waitMs = 1_200;

/** Listens to the keys of the whole page. */
export function useKeys({ onPalette, onSheet }: { onPalette: () => void; onSheet: () => void }): void {
  const navigate = useNavigate();
  const afterG = useRef(false);
  const act = useRef<(event: KeyboardEvent) => void>(() => {});
  act.current = (event) => {
    const isOpen = document.querySelector("dialog[open]") !== null;
    const typing = isTyping(document.activeElement) || isOpen || hasUnsaved();
    const { key, ctrlKey, metaKey, altKey } = event;
    const what = heard({ key, ctrlKey, metaKey, altKey, typing }, afterG.current);
    afterG.current = what.kind === "waits";
    if (what.kind === "nothing") return;
    if (what.kind === "waits") {
      after(waitMs, () => {
        afterG.current = false;
      });
      return;
    }
    event.preventDefault();
    if (what.kind === "palette") onPalette();
    else if (what.kind === "sheet") onSheet();
    else if (what.kind === "theme") chooseTheme(nextTheme());
    else if (what.kind === "start") void navigate({ to: "/start" });
    else if (what.kind === "search") document.querySelector<HTMLElement>("main [type=search]")?.focus();
    else {
      const place = places.find(({ key: own }) => own === what.key);
      if (place !== undefined) void navigate({ to: place.path });
    }
  };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => act.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
