import type { Mode } from "@tutti/rest/types";
import { VoiceMark } from "./voice-mark.tsx";
import { voiceOf } from "./voices.ts";

/** A filter by mode. */
export function ModeFilter<Offered extends Mode>(options: {
  legend: string;
  offered: readonly Offered[];
  chosen: readonly Mode[];
  onChange: (mode: Offered, isChosen: boolean) => void;
}) {
  const { legend, offered, chosen, onChange } = options;
  return (
    <fieldset className="state-filter">
      <legend className="field-label">{legend}</legend>
      {offered.map((mode) => (
        <label key={mode} className={`state-choice voice-choice voice-${voiceOf(mode).name}`}>
          <input
            type="checkbox"
            checked={chosen.includes(mode)}
            onChange={(event) => onChange(mode, event.target.checked)}
          />
          <span>
            <VoiceMark mode={mode} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}
