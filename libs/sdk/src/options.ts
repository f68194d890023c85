/** Options that a caller wrote. Without types, a misspelled one would be ignored in silence. */
import { didYouMean } from "@tutti/kernel";
import { sdkErrors } from "./errors.ts";

type NameIn<Options> = Options extends unknown ? keyof Options : never;
type MemberOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : never
  : never;

/**
 * All options of an interface: the compiler finds a missing one, and one too many. For an option that is an object, the
 * names of its members may replace `true`. Those of a union are the names of all its variants.
 */
export type OptionNames<Options> = {
  readonly [Name in NameIn<Options>]: true | OptionNames<Extract<MemberOf<Options, Name>, object>>;
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
  const byName = new Map<string, unknown>(Object.entries(names));
  for (const [option, value] of new Map<string, unknown>(Object.entries(options))) {
    const inner = byName.get(option);
    if (inner === undefined) {
      const near =
        didYouMean(option, [...byName.keys()]) ||
        `. Its options: ${[...byName.keys()].toSorted().join(", ")}`;
      throw sdkErrors.optionUnknown({ of, option, near });
    }
    if (isObject(inner) && isObject(value)) requireNamed(`${of}.${option}`, value, inner);
  }
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
