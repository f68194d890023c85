/**
 * Shapes of documents of the language, declared once: the checker compares documents with a shape and reports problems,
 * and the JSON Schema for editors is generated from the same shape.
 */

export type TextForm =
  | "name"
  | "id"
  | "taskId"
  | "word"
  | "labelKey"
  | "usesCapability"
  | "usesDefinition"
  | "backoff"
  | "rate"
  | "errorPattern"
  | "reference"
  | "localReference";

interface Described {
  /** Description in one sentence. Editors show it. */
  readonly doc?: string;
  /** The key that replaces this older one. The check warns of the older one. */
  readonly replacedBy?: string;
}

export interface TextShape extends Described {
  readonly kind: "text";
  readonly form?: TextForm;
  readonly lengthMax: number;
  /** Whether every definition may have an expression here, not only a template. */
  readonly computed?: boolean;
}

/** A text that may contain `${{ }}`, and evaluates to a text. */
export interface TemplateShape extends Described {
  readonly kind: "template";
}

/** An expression, with or without `${{ }}` around it. */
export interface ConditionShape extends Described {
  readonly kind: "condition";
}

export interface NumberShape extends Described {
  readonly kind: "number";
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
}

export interface DurationShape extends Described {
  readonly kind: "duration";
  /** A word that is allowed instead. */
  readonly word?: string;
}

export interface FlagShape extends Described {
  readonly kind: "flag";
}

export interface ChoiceShape extends Described {
  readonly kind: "choice";
  readonly among: readonly string[];
}

/** Any JSON, whose texts may contain expressions. */
export interface DataShape extends Described {
  readonly kind: "data";
}

/** Any JSON, without expressions. */
export interface JsonShape extends Described {
  readonly kind: "json";
}

/** A JSON Schema. */
export interface SchemaShape extends Described {
  readonly kind: "schema";
}

export interface ListShape extends Described {
  readonly kind: "list";
  readonly of: Shape;
  readonly max: number;
  readonly min?: number;
}

export interface MapShape extends Described {
  readonly kind: "map";
  readonly keys: TextForm | "duration";
  readonly of: Shape;
  readonly max: number;
  readonly min?: number;
}

export interface MembersShape extends Described {
  readonly kind: "members";
  /** Name for references: shapes that contain themselves, and parts of schemas. */
  readonly name?: string;
  readonly members: Readonly<Record<string, Shape>>;
  readonly required: readonly string[];
  /** Exactly one key of each of these groups must be present. */
  readonly oneOf: readonly (readonly string[])[];
}

/** Several shapes, distinguished by the kind of JSON. */
export interface VariantsShape extends Described {
  readonly kind: "variants";
  readonly of: Partial<Record<JsonKind, Shape>>;
}

/** A shape that is defined elsewhere, so that shapes may contain themselves. */
export interface LaterShape extends Described {
  readonly kind: "later";
  readonly shape: () => MembersShape;
}

export type JsonKind = "text" | "number" | "flag" | "list" | "members";

export type Shape =
  | TextShape
  | TemplateShape
  | ConditionShape
  | NumberShape
  | DurationShape
  | FlagShape
  | ChoiceShape
  | DataShape
  | JsonShape
  | SchemaShape
  | ListShape
  | MapShape
  | MembersShape
  | VariantsShape
  | LaterShape;

export const shapes = {
  text: (doc: string, form?: TextForm, lengthMax = 500): TextShape => ({
    kind: "text",
    doc,
    lengthMax,
    ...(form === undefined ? {} : { form }),
  }),
  template: (doc: string): TemplateShape => ({ kind: "template", doc }),
  condition: (doc: string): ConditionShape => ({ kind: "condition", doc }),
  whole: (doc: string, min: number, max: number): NumberShape => ({
    kind: "number",
    doc,
    whole: true,
    min,
    max,
  }),
  number: (doc: string, min: number, max: number): NumberShape => ({
    kind: "number",
    doc,
    whole: false,
    min,
    max,
  }),
  duration: (doc: string, word?: string): DurationShape => ({
    kind: "duration",
    doc,
    ...(word !== undefined && { word }),
  }),
  flag: (doc: string): FlagShape => ({ kind: "flag", doc }),
  choice: (doc: string, ...among: string[]): ChoiceShape => ({ kind: "choice", doc, among }),
  data: (doc: string): DataShape => ({ kind: "data", doc }),
  json: (doc: string): JsonShape => ({ kind: "json", doc }),
  schema: (doc: string): SchemaShape => ({ kind: "schema", doc }),
  list: (of: Shape, max: number, doc = "", min = 0): ListShape => ({ kind: "list", of, max, min, doc }),
  map: (keys: MapShape["keys"], of: Shape, max: number, doc = "", min = 0): MapShape => ({
    kind: "map",
    keys,
    of,
    max,
    min,
    doc,
  }),
  members: (
    members: Readonly<Record<string, Shape>>,
    more: Partial<Pick<MembersShape, "name" | "required" | "oneOf" | "doc">> = {},
  ): MembersShape => ({ kind: "members", members, required: [], oneOf: [], ...more }),
  variants: (doc: string, of: VariantsShape["of"]): VariantsShape => ({ kind: "variants", doc, of }),
  later: (shape: () => MembersShape): LaterShape => ({ kind: "later", shape }),
};

/** Forms of texts: patterns for the schema and the checker, and texts for their reports. */
export const textForms: Readonly<Record<TextForm, { readonly pattern: string; readonly expected: string }>> =
  {
    name: {
      pattern: "^[a-z0-9][a-z0-9_-]*(?:\\.[a-z0-9][a-z0-9_-]*)*$",
      expected: "a lower-case name such as `order` or `shop.order`",
    },
    id: {
      pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
      expected: "letters, digits and . _ -, not starting with a dot or dash",
    },
    taskId: {
      pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
      expected: "letters, digits and . _ -, not starting with a dot or dash",
    },
    word: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$", expected: "letters, digits and _, starting with a letter" },
    labelKey: {
      pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
      expected: "letters, digits and . _ / -, starting with a letter or digit",
    },
    usesCapability: {
      pattern: "^[a-z0-9][a-z0-9_-]*(?:\\.[a-z0-9][a-z0-9_-]*)*(?:@[0-9^~<>=|*xX. -]+)?$",
      expected:
        "a capability in lower case such as `stock.reserve` or `send-mail`, with a range of versions if need be: `stock.reserve@^2`",
    },
    usesDefinition: {
      pattern: "^[a-z0-9][a-z0-9_-]*(?:\\.[a-z0-9][a-z0-9_-]*)*(?:@[A-Za-z0-9_][A-Za-z0-9._-]*)?$",
      expected:
        "a definition such as `billing`, with a label or the start of the hash of its version if need be: `billing@stable`",
    },
    backoff: {
      pattern:
        "^(?:\\d{1,9}(?:\\.\\d{1,3})?(?:ms|s|m|h|d|w))+(?:\\.\\.(?:\\d{1,9}(?:\\.\\d{1,3})?(?:ms|s|m|h|d|w))+)?$",
      expected: "the first and the longest pause such as `1s..1m`",
    },
    rate: {
      pattern: "^\\d{1,9}/(?:\\d{0,9})(?:ms|s|m|h|d|w)$",
      expected: "so many per time such as `10/s` or `100/5m`",
    },
    errorPattern: {
      pattern: "^[A-Za-z0-9_.*-]+$",
      expected: "the code of an error, `*` being a wildcard: `payment.*`",
    },
    reference: {
      pattern: "^(?:env|file|secret):.+$",
      expected: "a reference: `env:NAME`, `file:/path` or `secret:NAME`",
    },
    localReference: { pattern: "^(?:env|file):.+$", expected: "a reference: `env:NAME` or `file:/path`" },
  };
