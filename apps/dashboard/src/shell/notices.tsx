import { useSyncExternalStore } from "react";
import { Glyph } from "../score/glyph.tsx";
import { currentNotices, dismiss, subscribeNotices } from "./notice-board.ts";

/** What was done or went wrong, at the lower edge. */
export function Notices() {
  const notices = useSyncExternalStore(subscribeNotices, currentNotices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map(({ id, tone, text }) => (
        <p key={id} className={`notice tone-${tone}`}>
          <Glyph name={tone === "wrong" ? "cross" : "final"} />
          <span>{text}</span>
          <button type="button" className="close" onClick={() => dismiss(id)} aria-label="Dismiss">
            ×
          </button>
        </p>
      ))}
    </div>
  );
}
