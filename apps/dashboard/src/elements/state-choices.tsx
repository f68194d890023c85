import { Glyph } from "../score/glyph.tsx";
import type { Stand } from "../score/states.ts";

/** States with the number of objects in each. The user can select one as a filter. */
export function StateChoices(options: {
  label: string;
  counts: readonly (readonly [state: string, many: number])[];
  standOf: (state: string) => Stand;
  /** Empty for none. */
  chosen: string;
  onChoose: (state: string) => void;
}) {
  const { label, counts, standOf, chosen, onChoose } = options;
  return (
    <fieldset className="state-choices">
      <legend className="unseen">{label}</legend>
      {counts.map(([state, many]) => {
        const stand = standOf(state);
        return (
          <label key={state} className={`state-choice tone-${stand.tone}`}>
            <input
              type="checkbox"
              checked={chosen === state}
              onChange={(event) => onChoose(event.target.checked ? state : "")}
            />
            <span>
              <Glyph name={stand.glyph} /> {many} {stand.word}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
