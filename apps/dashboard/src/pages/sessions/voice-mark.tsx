import type { Mode } from "@tutti/rest/types";
import { voiceOf } from "./voices.ts";

/** A mode as a letter in its colour. The word is next to it, or for screen readers only. */
export function VoiceMark({ mode, alone }: { mode: Mode | undefined; alone?: boolean }) {
  const { label, letter, name } = voiceOf(mode);
  return (
    <span className={`voice voice-${name}`}>
      <span className="voice-letter" aria-hidden="true">
        {letter}
      </span>
      <span className={alone === true ? "unseen" : "voice-word"}>{label}</span>
    </span>
  );
}
