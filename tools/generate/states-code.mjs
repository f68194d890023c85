// Writes `states.ts`: how each state is displayed, by enum and by the word of REST. It has no imports, so that browsers load
// it too.
import { generatedHeader, lowerFirst, typeName } from "./names.mjs";
import { Problems } from "./problems.mjs";

const displayEnums = { icon: "STATE_ICON_", tone: "STATE_TONE_" };

/** Returns the module of all enums with display options. Throws if only some values of an enum have one. */
export function statesModule(image) {
  const problems = new Problems(image.lineOf);
  const enums = image.files
    .flatMap((file) => [...file.enums])
    .filter(({ values }) => values.some((value) => image.ruleOf("state", value) !== undefined));
  const words = Object.fromEntries(
    Object.entries(displayEnums).map(([name, prefix]) => [name, wordsOf(image, name, prefix)]),
  );
  const tables = enums.map((one) => tableOf(one, image, words, problems));
  problems.throwIfAny();
  return [
    generatedHeader,
    "",
    ...Object.entries(words).map(
      ([name, all]) =>
        `export type State${name[0].toUpperCase()}${name.slice(1)} = ${all
          .filter(Boolean)
          .map((word) => JSON.stringify(word))
          .join(" | ")};`,
    ),
    "",
    "/** The display options of a state. */",
    "export interface StateDisplay {",
    "  /** Its number in the contracts. */",
    "  readonly number: number;",
    "  readonly label: string;",
    "  readonly icon: StateIcon;",
    "  readonly tone: StateTone;",
    "  /** The state is final. */",
    "  readonly ended: boolean;",
    "}",
    ...tables.flat(),
    "",
  ].join("\n");
}

/** Returns the words of `StateIcon` or `StateTone` by their numbers. Undefined for the first one. */
function wordsOf(image, name, prefix) {
  const type = image.files
    .flatMap(({ enums }) => enums)
    .find((one) => one.name.toLowerCase() === `state${name}`);
  const words = [];
  for (const { name: value, number } of type.values)
    words[number] = number === 0 ? undefined : value.slice(prefix.length).toLowerCase();
  return words;
}

function tableOf(enumeration, image, words, problems) {
  const prefix = enumeration.sharedPrefix.toUpperCase();
  const rows = enumeration.values.flatMap((value) => {
    const display = image.ruleOf("state", value);
    if (display === undefined) {
      // "Not stated" and "nothing" are no states.
      if (value.number > 0 && !value.name.endsWith("_NONE"))
        problems.add(
          value,
          `${value.name} has no display options. Add (tutti.types.v1.state), like the other values of the enum`,
        );
      return [];
    }
    const { label, ended } = display;
    const [icon, tone] = [words.icon[display.icon], words.tone[display.tone]];
    if (label === "" || icon === undefined || tone === undefined)
      problems.add(value, `the display options of ${value.name} lack a label, icon or tone. Add it`);
    const word = value.name.slice(prefix.length).toLowerCase();
    return `  ${word}: ${JSON.stringify({ number: value.number, label, icon, tone, ended })
      .replaceAll(/"(\w+)":/g, " $1: ")
      .replace("}", " }")},`;
  });
  return [
    "",
    `/** The states of \`${typeName(enumeration)}\` by their REST values. */`,
    `export const ${lowerFirst(typeName(enumeration))}Display = {`,
    ...rows,
    "} as const satisfies Readonly<Record<string, StateDisplay>>;",
  ];
}
