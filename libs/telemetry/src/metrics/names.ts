/**
 * Rules for the names of metrics and labels, as checked by Prometheus' own linter (`promtool check metrics`). They apply
 * when a metric is declared, so that a bad name fails in its author's first test and not in production.
 */

export type MetricKind = "counter" | "gauge" | "histogram";

const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const typeWords = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
const componentSuffixes = ["_bucket", "_count", "_sum", "_created"];
const baseUnits = ["seconds", "bytes", "meters", "grams", "joules", "volts", "amperes"];
const unitPrefixes =
  "pico nano micro milli centi deci deca hecto kilo kibi mega mebi mibi giga gibi tera tebi peta pebi".split(
    " ",
  );
const prefixedUnits = new Set(unitPrefixes.flatMap((prefix) => baseUnits.map((unit) => prefix + unit)));
const otherUnits = new Map([
  ...["minutes", "hours", "days", "weeks"].map((unit) => [unit, "seconds"] as const),
  ["bits", "bytes"],
]);
const abbreviations = new Set("s ms us ns sec b kb mb gb tb pb m h d".split(" "));
const reservedLabels = new Set(["le", "quantile"]);

/** Returns the flaw of the declaration and its correction in one sentence. Undefined if there is none. */
export function flawOf(
  kind: MetricKind,
  name: string,
  help: string,
  labels: readonly string[],
): string | undefined {
  return flawOfName(kind, name) ?? flawOfHelp(help) ?? flawOfLabels(labels);
}

function flawOfName(kind: MetricKind, name: string): string | undefined {
  if (!snakeCase.test(name)) return "expected lower-case words joined by single underscores";
  if (kind === "counter" && !name.endsWith("_total")) return "expected a counter's name to end in _total";
  if (kind !== "counter" && name.endsWith("_total"))
    return `_total belongs to counters, and this is a ${kind}`;
  const suffix = componentSuffixes.find((candidate) => name.endsWith(candidate));
  if (suffix !== undefined) return `${suffix} belongs to the parts of a histogram: choose another last word`;
  for (const word of name.split("_")) {
    if (typeWords.has(word)) return `leave out ${word}: the type is exported separately`;
    if (prefixedUnits.has(word)) return `expected a base unit (seconds, bytes), got ${word}`;
    const base = otherUnits.get(word);
    if (base !== undefined) return `expected ${base}, got ${word}`;
    if (abbreviations.has(word)) return `expected the unit in full (seconds, bytes), got ${word}`;
  }
  const last = name.slice(name.lastIndexOf("_") + 1);
  if (kind === "histogram" && last !== "ratio" && !last.endsWith("s")) {
    return "expected a histogram's name to end in its unit: _seconds, _bytes, _ratio, or the counted noun";
  }
  return undefined;
}

function flawOfHelp(help: string): string | undefined {
  return help.trim() === "" ? "expected a sentence of help" : undefined;
}

function flawOfLabels(labels: readonly string[]): string | undefined {
  for (const [index, label] of labels.entries()) {
    if (!snakeCase.test(label)) return `expected a label in snake case, got ${JSON.stringify(label)}`;
    if (reservedLabels.has(label)) return `the label ${label} is Prometheus' own: choose another`;
    if (labels.indexOf(label) !== index) return `the label ${label} is named twice`;
  }
  return undefined;
}
