import type { Mode } from "@tutti/rest/types";
import { voiceOf } from "./voices.ts";

/** A mode as a letter in its colour. Its word stands beside, or is heard. */
export function VoiceMark({ mode, alone }: { mode: Mode | undefined; alone?: boolean }) {
  const { word, letter, name } = voiceOf(mode);
  return (
    <span className={`voice voice-${name}`}>
      <span className="voice-letter" aria-hidden="true">
        {letter}
      </span>
      <span className={alone === true ? "unseen" : "voice-word"}>{word}</span>
    </span>
  );
}
