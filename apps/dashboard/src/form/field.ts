/**
 * A form made from a JSON Schema. Three steps, each a pure function:
 *
 * 1. `fieldOf` reads a schema as a tree of fields.
 * 2. `draftOf` creates the initial draft, from a value or from defaults. A form changes the draft.
 * 3. `filled` creates the value of a draft, or lists the problems by field.
 *
 * The platform checks the rules of a schema that are not supported here. A part that cannot be shown as fields is
 * entered as JSON.
 */

interface Shared {
  readonly label: string;
  readonly hint: string;
  readonly required: boolean;
  /** The default of the schema. Absent if it has none. */
  readonly preset?: unknown;
}

interface TextField extends Shared {
  readonly kind: "text";
  readonly format: string;
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: string;
}

interface NumberField extends Shared {
  readonly kind: "number";
  readonly integer: boolean;
  readonly minimum: number;
  readonly maximum: number;
  /** Whether the bounds themselves do not count. */
  readonly above: number;
  readonly below: number;
  readonly multipleOf: number;
}

interface FlagField extends Shared {
  readonly kind: "flag";
}

interface ChoiceField extends Shared {
  readonly kind: "choice";
  readonly values: readonly unknown[];
}

interface ObjectField extends Shared {
  readonly kind: "object";
  readonly fields: readonly (readonly [name: string, field: Field])[];
  /** The field of additional entries with their own names. Absent if none are allowed. */
  readonly others?: Field;
}

interface ListField extends Shared {
  readonly kind: "list";
  readonly item: Field;
  readonly minItems: number;
  readonly maxItems: number;
}

/** One of several forms. */
interface VariantField extends Shared {
  readonly kind: "variant";
  readonly variants: readonly Field[];
}

/** Filled in as JSON. */
interface RawField extends Shared {
  readonly kind: "raw";
}

export type Field =
  | TextField
  | NumberField
  | FlagField
  | ChoiceField
  | ObjectField
  | ListField
  | VariantField
  | RawField;

export type Draft =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "flag"; readonly value: boolean | undefined }
  /** Index among the values. -1 for none. */
  | { readonly kind: "choice"; readonly at: number }
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Draft>>;
      readonly others: readonly { readonly name: string; readonly draft: Draft }[];
    }
  | { readonly kind: "list"; readonly items: readonly Draft[] }
  | { readonly kind: "variant"; readonly at: number; readonly drafts: readonly Draft[] }
  | { readonly kind: "raw"; readonly text: string };

/** The problem, for the field with this path: `items[2].price`. Empty for the whole form. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}
