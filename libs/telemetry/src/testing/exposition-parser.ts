/**
 * Parses the Prometheus text format strictly, so that tests can check the values of a scrape instead of searching for
 * strings.
 */

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

/** @throws Error naming the first line that the format does not allow. */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (text !== "" && !text.endsWith("\n")) throw new Error("expected the last line to end in a line feed");
  const families = new Map<string, ParsedFamily & { samples: ParsedSample[] }>();
  const helps = new Map<string, string>();
  let current: (ParsedFamily & { samples: ParsedSample[] }) | undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    if (line === "# EOF") continue;
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) ?(.*)$/s.exec(line) ?? [];
    if (keyword === "HELP") {
      helps.set(name, unescapeText(rest));
    } else if (keyword === "TYPE") {
      if (families.has(name)) throw new Error(`a second TYPE for ${name}`);
      current = { name, type: rest, help: helps.get(name) ?? "", samples: [] };
      families.set(name, current);
    } else {
      if (current === undefined) throw new Error(`a sample without a TYPE before it: ${line}`);
      const sample = parseSample(line);
      if (!sample.name.startsWith(current.name))
        throw new Error(`a sample in the family ${current.name}: ${line}`);
      current.samples.push(sample);
    }
  }
  return families;
}

/** Returns the one sample with this name and exactly these labels. Undefined if there is none. */
export function sampleOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const samples = [...parseExposition(text).values()].flatMap((family) => family.samples);
  const expectedLabels = JSON.stringify(Object.entries(labels).sort());
  return samples.find(
    (sample) =>
      sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === expectedLabels,
  )?.value;
}

function parseSample(line: string): ParsedSample {
  const head = /^[a-zA-Z_:][\w:]*/.exec(line);
  if (head === null) throw new Error(`expected a sample, got ${line}`);
  const labels: Record<string, string> = {};
  let rest = line.slice(head[0].length);
  if (rest.startsWith("{")) {
    const label = /^[{,]([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"/;
    for (let found = label.exec(rest); found !== null; found = label.exec(rest)) {
      labels[found[1] as string] = unescapeText(found[2] as string);
      rest = rest.slice(found[0].length);
    }
    if (!rest.startsWith("}")) throw new Error(`expected } after the labels, got ${rest} in ${line}`);
    rest = rest.slice(1);
  }
  return { name: head[0], labels, value: parseValue(rest.trim(), line) };
}

function parseValue(text: string, line: string): number {
  if (text === "NaN") return Number.NaN;
  if (/^[+-]?Inf$/.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?\d/.test(text) || Number.isNaN(Number(text))) throw new Error(`expected a number in ${line}`);
  return Number(text);
}

function unescapeText(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
}
