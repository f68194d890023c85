/** Options that a caller wrote. Without types, a misspelled one would be ignored in silence. */
import { didYouMean } from "@tutti/kernel";
import { sdkErrors } from "./errors.ts";

type NameIn<Options> = Options extends unknown ? keyof Options : never;
type MemberOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : never
  : never;

type ObjectIn<Value> = Value extends readonly (infer Each)[] ? Extract<Each, object> : Extract<Value, object>;

/**
 * All options of an interface: the compiler finds a missing one, and one too many. For an option that is an object or a
 * list of objects, the names of its members may replace `true`. Those of a union are the names of all its variants.
 */
export type OptionNames<Options> = {
  readonly [Name in NameIn<Options>]: true | OptionNames<ObjectIn<MemberOf<Options, Name>>>;
};

/** @param of type of the options, such as `Worker` */
export function requireKnown<Options extends object>(
  of: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  requireNamed(of, options, names);
}

function requireNamed(of: string, options: object, names: object): void {
  const entries: [string, unknown][] = Object.entries(options);
  for (const [option, value] of entries) {
    if (!Object.hasOwn(names, option)) {
      const known = Object.keys(names);
      const near = didYouMean(option, known) || `. Its options: ${known.toSorted().join(", ")}`;
      throw sdkErrors.optionUnknown({ of, option, near });
    }
    const inner: unknown = Reflect.get(names, option);
    if (isObject(inner)) requireInner(`${of}.${option}`, value, inner);
  }
}

function requireInner(of: string, value: unknown, names: object): void {
  if (Array.isArray(value))
    for (const [index, each] of value.entries()) requireInner(`${of}[${index}]`, each, names);
  else if (isObject(value)) requireNamed(of, value, names);
}

/** Requires known options of each entry, such as each operation of an adapter. */
export function requireKnownEach<Options extends object>(
  of: string,
  entries: Readonly<Record<string, Options>> | undefined,
  names: OptionNames<Options>,
): void {
  for (const [name, options] of Object.entries(entries ?? {})) requireKnown(`${of}.${name}`, options, names);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
