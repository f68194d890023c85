/** One field of a cron rule: the set of its allowed numbers. */

export interface FieldForm {
  /** Unit of the field: `a month`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, from the smallest on. */
  readonly names?: readonly string[];
}

export class Field {
  /** Smallest allowed value. */
  readonly first: number;
  readonly count: number;
  /** Next allowed value, by number; -1 after the last one. */
  readonly #next: Int8Array;
  readonly #values: ReadonlySet<number>;

  constructor(values: ReadonlySet<number>) {
    this.#values = values;
    this.#next = new Int8Array(62).fill(-1);
    for (let value = 60; value >= 0; value--)
      this.#next[value] = values.has(value) ? value : (this.#next[value + 1] ?? -1);
    this.first = this.#next[0] ?? -1;
    this.count = values.size;
  }

  has(value: number): boolean {
    return this.#values.has(value);
  }

  /** Returns the first allowed value from a number on. */
  from(value: number): number | undefined {
    const found = this.#next[value] ?? -1;
    return found === -1 ? undefined : found;
  }
}

/** Parses a field. Returns the problem in words if it is invalid. */
export function readField(text: string, form: FieldForm): Field | string {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const problem = addPart(part, form, values);
    if (problem !== undefined) return problem;
  }
  return new Field(values);
}

const partForm = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d{1,4}))?$/i;

/** Parses a part: `*`, `5`, `mon-fri`, `10-50/20`, `5/15`. */
export function addPart(part: string, form: FieldForm, values: Set<number>): string | undefined {
  const [, from, to, step] = partForm.exec(part) ?? [];
  if (from === undefined) return unfit(part, form);
  const isAny = from === "*" || from === "?";
  if (isAny && to !== undefined) return unfit(part, form);
  const first = isAny ? form.min : numberOf(from, form);
  const last = to !== undefined ? numberOf(to, form) : isAny || step !== undefined ? form.max : first;
  const by = step === undefined ? 1 : Number(step);
  if (first === undefined || last === undefined || first > last || by < 1) return unfit(part, form);
  for (let value = first; value <= last; value += by) values.add(value);
  return undefined;
}

export function numberOf(text: string, { min, max, names }: FieldForm): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return min + named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

export function unfit(part: string, { unit, min, max, names }: FieldForm): string {
  const named = names === undefined ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  return `expected ${unit} as ${min} to ${max}${named}, a range like ${min}-${min + 1}, or with a step like */2, got ${JSON.stringify(part)}`;
}
