import { Glyph } from "../score/glyph.tsx";
import type { Badge } from "../score/states.ts";

/** States with the number of objects in each. The user can select one as a filter. */
export function StateChoices(options: {
  label: string;
  counts: readonly (readonly [state: string, many: number])[];
  badgeOf: (state: string) => Badge;
  /** Empty for none. */
  chosen: string;
  onChoose: (state: string) => void;
}) {
  const { label, counts, badgeOf, chosen, onChoose } = options;
  return (
    <fieldset className="state-choices">
      <legend className="unseen">{label}</legend>
      {counts.map(([state, many]) => {
        const badge = badgeOf(state);
        return (
          <label key={state} className={`state-choice tone-${badge.tone}`}>
            <input
              type="checkbox"
              checked={chosen === state}
              onChange={(event) => onChoose(event.target.checked ? state : "")}
            />
            <span>
              <Glyph name={badge.glyph} /> {many} {badge.label}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
