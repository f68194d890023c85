import { type HTMLInputTypeAttribute, type ReactNode, useId } from "react";

export interface FieldIds {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
}

/** A label with an input, a hint below, and its problem next to it. */
export function Field(options: {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  required?: boolean;
  children: (ids: FieldIds) => ReactNode;
}) {
  const id = useId();
  const { hint, problem } = options;
  const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div className={problem === undefined ? "field" : "field has-problem"}>
      <label htmlFor={id}>
        {options.label}
        {options.required === true ? " (required)" : null}
      </label>
      {options.children({ id, describedBy: describedBy || undefined, invalid: problem !== undefined })}
      {hint ? (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {problem === undefined ? null : (
        <p className="problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** A line of text with a label. */
export function TextField(options: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  problem?: string | undefined;
  required?: boolean;
  placeholder?: string;
  type?: HTMLInputTypeAttribute;
  inputMode?: "numeric" | "decimal";
  lines?: number;
  code?: boolean;
}) {
  const { lines = 1 } = options;
  return (
    <Field {...options}>
      {({ id, describedBy, invalid }) => {
        const shared = {
          id,
          value: options.value,
          placeholder: options.placeholder,
          "aria-describedby": describedBy,
          "aria-invalid": invalid,
          "aria-required": options.required,
          className: options.code === true ? "code" : undefined,
          spellCheck: options.code !== true,
          autoComplete: "off",
        };
        return lines > 1 ? (
          <textarea {...shared} rows={lines} onChange={(event) => options.onChange(event.target.value)} />
        ) : (
          <input
            {...shared}
            type={options.type ?? "text"}
            inputMode={options.inputMode}
            onChange={(event) => options.onChange(event.target.value)}
          />
        );
      }}
    </Field>
  );
}

/** A choice among a few values. */
export function ChoiceField(options: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, word: string])[];
  onChange: (value: string) => void;
  hint?: ReactNode;
  problem?: string | undefined;
  required?: boolean;
}) {
  return (
    <Field {...options}>
      {({ id, describedBy, invalid }) => (
        <select
          id={id}
          value={options.value}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onChange={(event) => options.onChange(event.target.value)}
        >
          {options.choices.map(([value, choice]) => (
            <option key={value} value={value}>
              {choice}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
