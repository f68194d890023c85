import { useId } from "react";
import { Field } from "../../elements/fields.tsx";
import type { Action } from "./vocabulary.ts";

/** A field to choose one of all known actions. */
export function ActionField(options: {
  value: string;
  actions: readonly Action[];
  problem?: string | undefined;
  onChange: (action: string) => void;
}) {
  const list = useId();
  return (
    <Field label="Action" problem={options.problem}>
      {({ id, describedBy, invalid }) => (
        <>
          <input
            id={id}
            className="code"
            list={list}
            value={options.value}
            placeholder="workflow.runs.start"
            autoComplete="off"
            spellCheck={false}
            aria-describedby={describedBy}
            aria-invalid={invalid}
            onChange={(event) => options.onChange(event.target.value.trim())}
          />
          <datalist id={list}>
            {options.actions.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
