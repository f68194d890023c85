import { type ReactNode, useId } from "react";
import { flushSync } from "react-dom";
import { markUnsaved } from "../effects/unsaved.ts";
import { ChoiceField as Choice, TextField as Text } from "../elements/fields.tsx";
import { draftOf } from "./draft.ts";
import type { Draft, Field, FieldProblem } from "./field.ts";

interface FormOptions<Kind extends Field["kind"] = Field["kind"]> {
  /** True if the surrounding element already shows the label. */
  bare?: boolean;
  field: Field & { kind: Kind };
  draft: Draft & { kind: Kind };
  path: string;
  problems: readonly FieldProblem[];
  onChange: (draft: Draft) => void;
}

/** Fields of a schema, each with its problem. */
export function SchemaForm(options: {
  field: Field;
  draft: Draft;
  problems: readonly FieldProblem[];
  onChange: (draft: Draft) => void;
}) {
  return (
    <div className="schema-form">
      <FieldInput {...options} path="" />
    </div>
  );
}

/** The label and hint of a field, around any kind of input. */
function labelsOf({ field, path, problems }: Pick<FormOptions, "field" | "path" | "problems">) {
  const { label, hint, required } = field;
  return { label, hint, required, problem: problems.find((each) => each.path === path)?.message };
}

function FieldInput(options: Omit<FormOptions, "field" | "draft"> & { field: Field; draft: Draft }) {
  const { field, draft, ...rest } = options;
  if (field.kind === "text" && draft.kind === "text")
    return <TextInput {...rest} field={field} draft={draft} />;
  if (field.kind === "number" && draft.kind === "number")
    return <NumberInput {...rest} field={field} draft={draft} />;
  if (field.kind === "flag" && draft.kind === "flag")
    return <FlagInput {...rest} field={field} draft={draft} />;
  if (field.kind === "choice" && draft.kind === "choice")
    return <ChoiceInput {...rest} field={field} draft={draft} />;
  if (field.kind === "object" && draft.kind === "object")
    return <ObjectInput {...rest} field={field} draft={draft} />;
  if (field.kind === "list" && draft.kind === "list")
    return <ListInput {...rest} field={field} draft={draft} />;
  if (field.kind === "variant" && draft.kind === "variant")
    return <VariantInput {...rest} field={field} draft={draft} />;
  if (field.kind === "raw" && draft.kind === "raw") return <RawInput {...rest} field={field} draft={draft} />;
  return null;
}

const inputTypes: Readonly<Record<string, string>> = {
  "date-time": "datetime-local",
  date: "date",
  time: "time",
  email: "email",
  uri: "url",
  password: "password",
};

const longText = 200;

function TextInput(options: FormOptions<"text">) {
  const { field, draft, onChange } = options;
  const type = inputTypes[field.format] ?? "text";
  const isLong =
    draft.text.includes("\n") || (Number.isFinite(field.maxLength) && field.maxLength > longText);
  return (
    <Text
      {...labelsOf(options)}
      type={type}
      value={draft.text}
      lines={isLong && type === "text" ? 4 : 1}
      onChange={(text) => onChange({ kind: "text", text })}
    />
  );
}

function NumberInput(options: FormOptions<"number">) {
  const { field, draft, onChange } = options;
  return (
    <Text
      {...labelsOf(options)}
      inputMode={field.integer ? "numeric" : "decimal"}
      value={draft.text}
      onChange={(text) => onChange({ kind: "number", text })}
    />
  );
}

function FlagInput(options: FormOptions<"flag">) {
  const { draft, onChange } = options;
  const id = useId();
  const { label, hint, problem } = labelsOf(options);
  return (
    <div className="field flag">
      <label htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          checked={draft.value === true}
          aria-describedby={hint === "" ? undefined : `${id}-hint`}
          onChange={(event) => onChange({ kind: "flag", value: event.target.checked })}
        />
        {label}
      </label>
      {hint === "" ? null : (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Problem message={problem} />
    </div>
  );
}

function ChoiceInput(options: FormOptions<"choice">) {
  const { field, draft, onChange } = options;
  const choices = field.values.map((value, index) => [String(index), choiceLabel(value)] as const);
  return (
    <Choice
      {...labelsOf(options)}
      value={String(draft.at)}
      choices={[...(draft.at < 0 || !field.required ? [["-1", "–"] as const] : []), ...choices]}
      onChange={(at) => onChange({ kind: "choice", at: Number(at) })}
    />
  );
}

function Problem({ message }: { message: string | undefined }) {
  return message === undefined ? null : (
    <p className="problem" role="alert">
      {message}
    </p>
  );
}

/** A group of fields with a common label. */
function Group(options: ReturnType<typeof labelsOf> & { children: ReactNode }) {
  const { label, hint, required, problem, children } = options;
  return (
    <fieldset className="group">
      <legend>
        {label}
        {required ? null : <span className="needed"> optional</span>}
      </legend>
      {hint === "" ? null : <p className="hint">{hint}</p>}
      {children}
      <Problem message={problem} />
    </fieldset>
  );
}

const choiceLabel = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function ObjectInput(options: FormOptions<"object">) {
  const { field, draft, path, problems, onChange, bare = path === "" } = options;
  const labels = labelsOf(options);
  const inner = (
    <div className="object-fields">
      {field.fields.map(([name, each]) => {
        const own = draft.fields[name];
        return own === undefined ? null : (
          <FieldInput
            key={name}
            field={each}
            draft={own}
            path={path === "" ? name : `${path}.${name}`}
            problems={problems}
            onChange={(next) => onChange({ ...draft, fields: { ...draft.fields, [name]: next } })}
          />
        );
      })}
      {field.others === undefined ? null : <Others {...options} others={field.others} />}
      {bare ? <Problem message={labels.problem} /> : null}
    </div>
  );
  return bare ? inner : <Group {...labels}>{inner}</Group>;
}

function Others(options: FormOptions<"object"> & { others: Field }) {
  const { others, draft, path, problems, onChange } = options;
  const change = (index: number, next: (typeof draft.others)[number] | undefined) =>
    onChange({
      ...draft,
      others: next === undefined ? draft.others.toSpliced(index, 1) : draft.others.with(index, next),
    });
  return (
    <>
      {draft.others.map((each, index) => (
        // Entries have no stable name while their name is being edited.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className="entry">
          <Text label="Name" value={each.name} onChange={(name) => change(index, { ...each, name })} />
          <FieldInput
            field={others}
            draft={each.draft}
            path={path === "" ? each.name : `${path}.${each.name}`}
            problems={problems}
            onChange={(own) => change(index, { ...each, draft: own })}
          />
          <Remove label={each.name || "this entry"} onRemove={() => change(index, undefined)} />
        </div>
      ))}
      <Add
        label="Add entry"
        onAdd={() => onChange({ ...draft, others: [...draft.others, { name: "", draft: draftOf(others) }] })}
      />
    </>
  );
}

function ListInput(options: FormOptions<"list">) {
  const { field, draft, path, problems, onChange } = options;
  const { items } = draft;
  return (
    <Group {...labelsOf(options)}>
      {items.map((each, index) => (
        // Entries of a list have no identity except their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className="entry">
          <FieldInput
            field={labelled(field.item, `${field.item.label} ${index + 1}`)}
            draft={each}
            path={`${path}[${index}]`}
            problems={problems}
            onChange={(next) => onChange({ kind: "list", items: items.with(index, next) })}
          />
          <Remove
            label={`entry ${index + 1}`}
            onRemove={() => onChange({ kind: "list", items: items.toSpliced(index, 1) })}
          />
        </div>
      ))}
      {items.length < field.maxItems ? (
        <Add
          label="Add entry"
          onAdd={() => onChange({ kind: "list", items: [...items, draftOf(field.item)] })}
        />
      ) : null}
    </Group>
  );
}

const labelled = (field: Field, label: string): Field => ({ ...field, label });

function VariantInput(options: FormOptions<"variant">) {
  const { field, draft, path, problems, onChange } = options;
  const [inner, own] = [field.variants[draft.at], draft.drafts[draft.at]];
  // The selected variant shows the problem, because it has the same path.
  return (
    <Group {...labelsOf(options)} problem={undefined}>
      <Choice
        label="Form"
        value={String(draft.at)}
        choices={field.variants.map((each, index) => [String(index), each.label] as const)}
        onChange={(at) => onChange({ ...draft, at: Number(at) })}
      />
      {inner === undefined || own === undefined ? null : (
        <FieldInput
          field={inner}
          draft={own}
          path={path}
          problems={problems}
          bare
          onChange={(next) => onChange({ ...draft, drafts: draft.drafts.with(draft.at, next) })}
        />
      )}
    </Group>
  );
}

function RawInput(options: FormOptions<"raw">) {
  const { field, draft, path, onChange } = options;
  const isRequired = field.required && path !== "";
  return (
    <Text
      {...labelsOf(options)}
      hint={field.hint || (isRequired ? "JSON." : "JSON. Optional.")}
      required={isRequired}
      value={draft.text}
      lines={6}
      code
      onChange={(text) => onChange({ kind: "raw", text })}
    />
  );
}

/** A button that adds an entry. The new entry takes the focus. */
function Add({ label, onAdd }: { label: string; onAdd: () => void }) {
  return (
    <button
      type="button"
      className="press quiet add"
      onClick={({ currentTarget }) => {
        const group = currentTarget.parentElement;
        flushSync(onAdd);
        markUnsaved(currentTarget);
        const entry = [...(group?.querySelectorAll(":scope > .entry") ?? [])].at(-1);
        entry?.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
      }}
    >
      + {label}
    </button>
  );
}

function Remove({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <button type="button" className="press quiet remove" onClick={onRemove} aria-label={`Remove ${label}`}>
      Remove
    </button>
  );
}
