/** The file of two variants of a capability: `variant: plan`, with `old`, `new`, `percent` and `compare`. */
import { type DefinitionProblem, type DefinitionText, keyLine, readText } from "@tutti/definitions";

export interface DescribedVariant {
  readonly id: string;
  /** Capabilities. */
  readonly old: string;
  readonly new: string;
  /** Percentage of new runs for the new variant. Undefined if the file leaves it to `tutti variant set`. */
  readonly percent: number | undefined;
  readonly compare: boolean;
}

const fields: ReadonlySet<string> = new Set(["variant", "old", "new", "percent", "compare"]);

const variantLine = keyLine("variant");

/** Returns whether the first key of a text is `variant`. */
export function isVariantText(source: DefinitionText): boolean {
  if (!variantLine.test(source.text)) return false;
  const { value } = readText(source);
  return typeof value === "object" && value !== null && Object.keys(value)[0] === "variant";
}

/** Checks the file and reports all problems together. */
export function checkVariantText(source: DefinitionText): {
  readonly problems: readonly DefinitionProblem[];
  readonly variant: DescribedVariant | undefined;
} {
  let variant: DescribedVariant | undefined;
  const { problems } = readText(source, (value, findings) => {
    const input = value as Readonly<Record<string, unknown>>;
    const textOf = (field: string, expectation: string): string => {
      const text = input[field];
      if (typeof text === "string" && text !== "") return text;
      findings.error(text === undefined ? "missing_value" : "wrong_type", [field], `expected ${expectation}`);
      return "";
    };
    for (const field of Object.keys(input))
      if (!fields.has(field))
        findings.error("unknown_key", [field], "expected old, new, percent or compare", { key: true });
    const { percent, compare = false } = input;
    const isPercent = Number.isInteger(percent) && Number(percent) >= 0 && Number(percent) <= 100;
    if (percent !== undefined && !isPercent)
      findings.error("wrong_value", ["percent"], "expected a whole number from 0 to 100");
    if (typeof compare !== "boolean") findings.error("wrong_type", ["compare"], "expected true or false");
    variant = {
      id: textOf("variant", "the name of the workflow"),
      old: textOf("old", "a capability"),
      new: textOf("new", "a capability"),
      compare: compare === true,
      percent: percent === undefined ? undefined : Number(percent),
    };
  });
  return { problems, variant: problems.some(({ severity }) => severity === "error") ? undefined : variant };
}
