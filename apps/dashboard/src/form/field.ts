/**
 * A form made from a JSON Schema. Three steps, each a pure function:
 *
 * 1. `fieldOf` reads a schema as a tree of fields, each with what a person needs to know of it.
 * 2. `draftOf` makes what is filled in first, from a value or from defaults. A form changes the draft.
 * 3. `filled` makes the value of a draft, or says beside which field what is wrong.
 *
 * What a schema says beyond what is understood here is left to the platform, whose own check has the last word. A part
 * that cannot be shown as fields is filled in as JSON.
 */

interface Shared {
  readonly label: string;
  readonly hint: string;
  readonly required: boolean;
  /** What a schema proposes. Absent where it proposes nothing. */
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
  readonly whole: boolean;
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
  /** What entries with names of their own look like. Absent where there are none. */
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
  /** Place among the values; -1 for none. */
  | { readonly kind: "choice"; readonly at: number }
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Draft>>;
      readonly others: readonly { readonly name: string; readonly draft: Draft }[];
    }
  | { readonly kind: "list"; readonly items: readonly Draft[] }
  | { readonly kind: "variant"; readonly at: number; readonly drafts: readonly Draft[] }
  | { readonly kind: "raw"; readonly text: string };

/** What is wrong, beside the field with this path: `items[2].price`. Empty for the whole. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}
