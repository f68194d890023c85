/** Options that a caller wrote. Without types, a misspelled one would be ignored in silence. */
import { didYouMean } from "@tutti/kernel";
import { sdkErrors } from "./errors.ts";

/** All options of an interface: the compiler finds a missing one, and one too many. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true };

/** @param of type of the options, such as `Worker` */
export function requireKnown<Options extends object>(
  of: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  const known = Object.keys(names);
  for (const option of Object.keys(options)) {
    if (Object.hasOwn(names, option)) continue;
    const near = didYouMean(option, known) || `. Its options: ${known.toSorted().join(", ")}`;
    throw sdkErrors.optionUnknown({ of, option, near });
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
