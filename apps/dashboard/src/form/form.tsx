import { useId } from "react";
import { ChoiceField as Choice, Field as Labelled, TextField as Text } from "../elements/fields.tsx";
import { draftOf } from "./draft.ts";
import type { Draft, Field, FieldProblem } from "./field.ts";

interface FormOptions<Kind extends Field["kind"] = Field["kind"]> {
  /** What is around it has its name already. */
  bare?: boolean;
  field: Field & { kind: Kind };
  draft: Draft & { kind: Kind };
  path: string;
  problems: readonly FieldProblem[];
  onChange: (draft: Draft) => void;
}

/** Fields of a schema, with what is wrong beside each. */
export function SchemaForm(options: {
  field: Field;
  draft: Draft;
  problems: readonly FieldProblem[];
  onChange: (draft: Draft) => void;
}) {
  return (
    <div className="schema-form">
      <One {...options} path="" />
    </div>
  );
}

function problemAt(problems: readonly FieldProblem[], path: string): string | undefined {
  return problems.find((each) => each.path === path)?.message;
}

function One(options: Omit<FormOptions, "field" | "draft"> & { field: Field; draft: Draft }) {
  const { field, draft, ...rest } = options;
  if (field.kind === "text" && draft.kind === "text")
    return <TextOne {...rest} field={field} draft={draft} />;
  if (field.kind === "number" && draft.kind === "number")
    return <NumberOne {...rest} field={field} draft={draft} />;
  if (field.kind === "flag" && draft.kind === "flag")
    return <FlagOne {...rest} field={field} draft={draft} />;
  if (field.kind === "choice" && draft.kind === "choice")
    return <ChoiceOne {...rest} field={field} draft={draft} />;
  if (field.kind === "object" && draft.kind === "object")
    return <ObjectOne {...rest} field={field} draft={draft} />;
  if (field.kind === "list" && draft.kind === "list")
    return <ListOne {...rest} field={field} draft={draft} />;
  if (field.kind === "variant" && draft.kind === "variant")
    return <VariantOne {...rest} field={field} draft={draft} />;
  if (field.kind === "raw" && draft.kind === "raw") return <RawOne {...rest} field={field} draft={draft} />;
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

function TextOne({ field, draft, path, problems, onChange }: FormOptions<"text">) {
  const type = inputTypes[field.format];
  const isLong =
    draft.text.includes("\n") || (Number.isFinite(field.maxLength) && field.maxLength > longText);
  if (type === undefined)
    return (
      <Text
        label={field.label}
        hint={field.hint}
        required={field.required}
        problem={problemAt(problems, path)}
        value={draft.text}
        lines={isLong ? 4 : 1}
        onChange={(text) => onChange({ kind: "text", text })}
      />
    );
  return (
    <Labelled
      label={field.label}
      hint={field.hint}
      required={field.required}
      problem={problemAt(problems, path)}
    >
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          type={type}
          value={draft.text}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onChange={(event) => onChange({ kind: "text", text: event.target.value })}
        />
      )}
    </Labelled>
  );
}

function NumberOne({ field, draft, path, problems, onChange }: FormOptions<"number">) {
  return (
    <Labelled
      label={field.label}
      hint={field.hint}
      required={field.required}
      problem={problemAt(problems, path)}
    >
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          inputMode={field.whole ? "numeric" : "decimal"}
          value={draft.text}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          autoComplete="off"
          onChange={(event) => onChange({ kind: "number", text: event.target.value })}
        />
      )}
    </Labelled>
  );
}

function FlagOne({ field, draft, path, problems, onChange }: FormOptions<"flag">) {
  const id = useId();
  const problem = problemAt(problems, path);
  return (
    <div className="field flag">
      <label htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          checked={draft.value === true}
          onChange={(event) => onChange({ kind: "flag", value: event.target.checked })}
        />
        {field.label}
      </label>
      {field.hint === "" ? null : <p className="hint">{field.hint}</p>}
      {problem === undefined ? null : <p className="problem">{problem}</p>}
    </div>
  );
}

function ChoiceOne({ field, draft, path, problems, onChange }: FormOptions<"choice">) {
  const words = field.values.map((value, index) => [String(index), wordOf(value)] as const);
  return (
    <Choice
      label={field.label}
      hint={field.hint}
      required={field.required}
      problem={problemAt(problems, path)}
      value={String(draft.at)}
      choices={[...(draft.at < 0 || !field.required ? [["-1", "–"] as const] : []), ...words]}
      onChange={(at) => onChange({ kind: "choice", at: Number(at) })}
    />
  );
}

const wordOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function ObjectOne({ field, draft, path, problems, onChange, bare = path === "" }: FormOptions<"object">) {
  const problem = problemAt(problems, path);
  const inner = (
    <>
      {field.fields.map(([name, each]) => {
        const own = draft.fields[name];
        return own === undefined ? null : (
          <One
            key={name}
            field={each}
            draft={own}
            path={path === "" ? name : `${path}.${name}`}
            problems={problems}
            onChange={(next) => onChange({ ...draft, fields: { ...draft.fields, [name]: next } })}
          />
        );
      })}
      {field.others === undefined ? null : (
        <Others
          field={field}
          others={field.others}
          draft={draft}
          path={path}
          problems={problems}
          onChange={onChange}
        />
      )}
      {problem === undefined ? null : <p className="problem">{problem}</p>}
    </>
  );
  if (bare) return <div className="object-fields">{inner}</div>;
  return (
    <fieldset className="group">
      <legend>
        {field.label}
        {field.required ? null : <span className="needed"> may be left out</span>}
      </legend>
      {field.hint === "" ? null : <p className="hint">{field.hint}</p>}
      <div className="object-fields">{inner}</div>
    </fieldset>
  );
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
        // Entries have no name of their own while their name is being written.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className="entry">
          <Text label="Name" value={each.name} onChange={(name) => change(index, { ...each, name })} />
          <One
            field={others}
            draft={each.draft}
            path={path === "" ? each.name : `${path}.${each.name}`}
            problems={problems}
            onChange={(own) => change(index, { ...each, draft: own })}
          />
          <Remove what={each.name || "this entry"} onRemove={() => change(index, undefined)} />
        </div>
      ))}
      <Add
        label="Add an entry"
        onAdd={() => onChange({ ...draft, others: [...draft.others, { name: "", draft: draftOf(others) }] })}
      />
    </>
  );
}

function ListOne({ field, draft, path, problems, onChange }: FormOptions<"list">) {
  const problem = problemAt(problems, path);
  const { items } = draft;
  return (
    <fieldset className="group">
      <legend>
        {field.label} {field.required ? null : <span className="needed">may be left out</span>}
      </legend>
      {field.hint === "" ? null : <p className="hint">{field.hint}</p>}
      {items.map((each, index) => (
        // Entries of a list are told apart by their place alone.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className="entry">
          <One
            field={labelled(field.item, `${field.item.label} ${index + 1}`)}
            draft={each}
            path={`${path}[${index}]`}
            problems={problems}
            onChange={(next) => onChange({ kind: "list", items: items.with(index, next) })}
          />
          <Remove
            what={`entry ${index + 1}`}
            onRemove={() => onChange({ kind: "list", items: items.toSpliced(index, 1) })}
          />
        </div>
      ))}
      {problem === undefined ? null : <p className="problem">{problem}</p>}
      {items.length < field.maxItems ? (
        <Add
          label="Add an entry"
          onAdd={() => onChange({ kind: "list", items: [...items, draftOf(field.item)] })}
        />
      ) : null}
    </fieldset>
  );
}

const labelled = (field: Field, label: string): Field => ({ ...field, label });

function VariantOne({ field, draft, path, problems, onChange }: FormOptions<"variant">) {
  const [inner, own] = [field.variants[draft.at], draft.drafts[draft.at]];
  return (
    <fieldset className="group">
      <legend>{field.label}</legend>
      {field.hint === "" ? null : <p className="hint">{field.hint}</p>}
      <Choice
        label="Which form"
        value={String(draft.at)}
        choices={field.variants.map((each, index) => [String(index), each.label] as const)}
        onChange={(at) => onChange({ ...draft, at: Number(at) })}
      />
      {inner === undefined || own === undefined ? null : (
        <One
          field={inner}
          draft={own}
          path={path}
          problems={problems}
          bare
          onChange={(next) => onChange({ ...draft, drafts: draft.drafts.with(draft.at, next) })}
        />
      )}
    </fieldset>
  );
}

function RawOne({ field, draft, path, problems, onChange }: FormOptions<"raw">) {
  return (
    <Text
      label={field.label}
      hint={field.hint || "As JSON; left empty it is left out."}
      required={false}
      problem={problemAt(problems, path)}
      value={draft.text}
      lines={6}
      code
      onChange={(text) => onChange({ kind: "raw", text })}
    />
  );
}

function Add({ label, onAdd }: { label: string; onAdd: () => void }) {
  return (
    <button type="button" className="press quiet add" onClick={onAdd}>
      + {label}
    </button>
  );
}

function Remove({ what, onRemove }: { what: string; onRemove: () => void }) {
  return (
    <button type="button" className="press quiet remove" onClick={onRemove} aria-label={`Remove ${what}`}>
      Remove
    </button>
  );
}
