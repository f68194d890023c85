import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { enforcements, type Named, oneOf } from "./named.ts";

const enforcementLabels: Readonly<Record<Named["enforcement"], string>> = {
  shadow: "shadow mode: recorded, not enforced",
  enforced: "enforced",
  off: "off",
};

/** The common fields of all drafts: permanent name, purpose, and whether it is enforced. */
export function Naming(options: {
  draft: Named;
  isNew: boolean;
  /** An example of a name. */
  example: string;
  problem: string | undefined;
  onChange: (next: Partial<Named>) => void;
}) {
  const { draft, isNew, example, problem, onChange } = options;
  return (
    <>
      {isNew ? (
        <TextField
          label="Id"
          value={draft.id}
          required
          code
          placeholder={example}
          problem={draft.id === "" ? undefined : problem}
          onChange={(id) => onChange({ id: id.trim() })}
        />
      ) : null}
      <TextField
        label="Description"
        value={draft.description}
        placeholder="purpose"
        onChange={(description) => onChange({ description })}
      />
      <ChoiceField
        label="Enforcement"
        value={draft.enforcement}
        choices={enforcements.map((enforcement) => [enforcement, enforcementLabels[enforcement]])}
        onChange={(value) => onChange({ enforcement: oneOf(enforcements, value, draft.enforcement) })}
      />
    </>
  );
}
