/** Parameters of connection URLs. Drivers ignore unknown ones in silence: with `sslmod=require` there would be no TLS. */
import { didYouMean } from "@tutti/kernel";
import { adapterErrors } from "./errors.ts";

/** Marks of an unescaped password, which must not be printed. */
const unescaped = /[@#]/;
const nameForm = /^[\w.-]{1,64}$/;

/** Requires known parameters with values. A fragment is refused too, because drivers ignore what it contains. */
export function requireParameters(
  adapter: string,
  reference: string,
  url: string,
  known: readonly string[] = [],
): void {
  const [, query] = /^[^?#]*\??(.*)$/s.exec(url) ?? [];
  if (query === undefined || query === "") return;
  const refuse = (problem: string) => adapterErrors.invalid({ adapter, problem: `${reference} ${problem}` });
  const misplaced = "has an unexpected `?` or `#`. Percent-encode both in a password";
  if (query.includes("#")) throw refuse(misplaced);
  for (const [name, value] of new URLSearchParams(query)) {
    if (known.includes(name)) {
      if (value === "") throw refuse(`has no value for the parameter \`${name}\``);
      continue;
    }
    if (unescaped.test(query) || !nameForm.test(name) || value === "") throw refuse(misplaced);
    const all = known.length === 0 ? ". The URL takes none" : `. Known: ${known.toSorted().join(", ")}`;
    throw refuse(`has the unknown parameter \`${name}\`${didYouMean(name, known) || all}`);
  }
}
