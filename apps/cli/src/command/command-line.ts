/**
 * Parses words to a command with arguments and options. A library would cost 8 of the 150 ms that a start may take, and
 * its messages would not match those of the CLI.
 */
import { nearest } from "@tutti/kernel";
import { type Argument, type Command, everyOption, type Option } from "./declaration.ts";
import { type Advice, usageFailure } from "./failure.ts";
import { configKeys, Values } from "./values.ts";

/** A parsed command line. */
export type ParsedCommandLine =
  | { readonly kind: "command"; readonly command: Command; readonly values: Values }
  /** Help: the first commands, all commands, commands that start with a word, or one command. */
  | { readonly kind: "help"; readonly about: string; readonly isAll?: true }
  | { readonly kind: "version" };

/** Parses the words. Throws a usage failure. */
export function parseCommandLine(args: readonly string[], commands: readonly Command[]): ParsedCommandLine {
  const { before, rest } = leadingOptions(args);
  const [first] = rest;
  if (before.some((arg) => arg === "--version" || arg === "-V")) return { kind: "version" };
  if (first === undefined) {
    if (before.length === 0 || before.some((arg) => arg === "--help" || arg === "-h"))
      return { kind: "help", about: "" };
    throw usageFailure("Command missing.", [["tutti help --all", "lists all commands"]]);
  }
  if (first === "help") {
    const about = helpAbout(rest.slice(1), commands);
    return { kind: "help", about, ...(rest.includes("--all") ? { isAll: true } : {}) };
  }
  const { command, nameLength } = commandAt(rest, commands);
  if (command === undefined) return unknownCommand(rest, commands);
  return parse(command, [...before, ...rest.slice(nameLength)]);
}

/** Splits off the options before the command, as in `tutti --server URL list`. */
function leadingOptions(args: readonly string[]): {
  readonly before: readonly string[];
  readonly rest: readonly string[];
} {
  let at = 0;
  while (args[at]?.startsWith("-") === true) {
    const [flag = ""] = (args[at] ?? "").split("=");
    const option = everyOption.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`);
    if (option === undefined && flag !== "--version" && flag !== "-V")
      throw unknownOption(flag, [...everyOption, { name: "version", summary: "" }], "tutti");
    at += option?.value !== undefined && args[at] === flag ? 2 : 1;
  }
  return { before: args.slice(0, at), rest: args.slice(at) };
}

/** Finds the command of the first words. A plural lists: `tutti agents` is `tutti agent list`. */
function commandAt(
  [first = "", second = ""]: readonly string[],
  commands: readonly Command[],
): { readonly command: Command | undefined; readonly nameLength: number } {
  const long = commands.find(({ name }) => name === `${first} ${second}`);
  if (long !== undefined) return { command: long, nameLength: 2 };
  const listed = first.endsWith("s") ? `${first.replace(/ies$/, "y").replace(/s$/, "")} list` : "";
  const named = (text: string) => commands.find(({ name }) => name === text);
  return { command: named(first) ?? named(listed), nameLength: 1 };
}

function helpAbout(args: readonly string[], commands: readonly Command[]): string {
  const about = args.filter((arg) => !arg.startsWith("-")).join(" ");
  const isKnown = about === "" || commands.some(({ name }) => name === about || name.startsWith(`${about} `));
  if (!isKnown) unknownCommand(about.split(" "), commands);
  return about;
}

function unknownCommand(
  [first = "", second = "", ...rest]: readonly string[],
  commands: readonly Command[],
): ParsedCommandLine {
  const names = commands.map(({ name }) => name);
  const inside = names.filter((name) => name.startsWith(`${first} `));
  if (inside.length > 0) {
    if (second === "" || second === "--help" || second === "-h" || rest.includes("--help"))
      return { kind: "help", about: first };
    const meant = nearest(
      second,
      inside.map((name) => name.slice(first.length + 1)),
    );
    throw usageFailure(`Command \`tutti ${first} ${second}\` not found.`, [
      ...suggestion(meant === undefined ? undefined : `tutti ${first} ${meant}`),
      [`tutti help ${first}`, "lists the commands"],
    ]);
  }
  const meant =
    synonyms.get(first) ?? nearest(first, [...names, ...names.map((name) => name.split(" ")[0] ?? name)]);
  const isFile = /\.(ya?ml|json)$/.test(first);
  throw usageFailure(`Command \`tutti ${first}\` not found.`, [
    ...suggestion(isFile ? `tutti run ${first}` : meant === undefined ? undefined : `tutti ${meant}`),
    ...(first === "start" ? [["tutti dev", "starts the platform in this folder"] as const] : []),
    ["tutti help --all", "lists all commands"],
  ]);
}

/** Commands by the words that other products and the API use for them. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["terminate", "cancel ID --now"],
  ["kill", "cancel ID --now"],
  ["stop", "cancel ID"],
  ["describe", "show ID"],
  ["ls", "list"],
  ["runs", "list"],
  ["ps", "list"],
  ["up", "dev"],
  ["start", "run FILE"],
  ["restart", "retry ID"],
  ["worker", "agent list"],
  ["workers", "agent list"],
]);

const suggestion = (meant: string | undefined): Advice[] =>
  meant === undefined ? [] : [`Did you mean \`${meant}\`?`];

function parse(command: Command, args: readonly string[]): ParsedCommandLine {
  const options = [...(command.options ?? []), ...everyOption];
  const parsed = new Map<string, string[]>();
  const plain: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      plain.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-" || /^-\d/.test(arg)) {
      plain.push(arg);
      continue;
    }
    const [flag = "", ...values] = arg.split("=");
    const option = options.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`);
    if (option === undefined && command.acceptsConfigKeys === true && /^--[A-Za-z]\w*\./.test(flag)) {
      const value = values.length > 0 || (args[at + 1] ?? "-").startsWith("-") ? [] : [args[++at] ?? ""];
      parsed.set(configKeys, [...(parsed.get(configKeys) ?? []), [arg, ...value].join("=")]);
      continue;
    }
    if (option === undefined) throw unknownOption(flag, options, `tutti ${command.name}`, command);
    if (option.name === "help") return { kind: "help", about: command.name };
    const text = values.length > 0 ? values.join("=") : undefined;
    const value = option.value === undefined ? flagValue(option, text) : (text ?? args[++at]);
    parsed.set(option.name, [...(parsed.get(option.name) ?? []), checked(option, value, command)]);
  }
  for (const option of options)
    if (option.isMany !== true && (parsed.get(option.name)?.length ?? 0) > 1 && option.value !== undefined)
      throw usageFailure(`--${option.name} can be set once, got ${parsed.get(option.name)?.length} values.`);
  return { kind: "command", command, values: new Values(argumentsOf(command, plain), parsed) };
}

function flagValue({ name }: Option, text: string | undefined): string {
  if (text === undefined || text === "true") return "true";
  if (text === "false") return "false";
  throw usageFailure(`--${name} takes no value, got \`${text}\`.`);
}

function checked(
  { name, value, choices, isEmptyAllowed }: Option,
  found: string | undefined,
  command: Command,
): string {
  if (found === undefined)
    throw usageFailure(`--${name} needs a value: ${value}.`, [
      [`tutti ${command.name} --help`, "explains the option"],
    ]);
  // A filter without a value would match everything, and a key without its restriction would allow everything.
  if (found === "" && isEmptyAllowed !== true)
    throw usageFailure(`--${name} needs a value: ${value}, got an empty text.`, [
      unsetVariable,
      "Or leave the option out.",
    ]);
  if (choices === undefined) return found;
  // An option that can be repeated also takes several values with commas between them.
  for (const choice of found.split(",")) {
    if (choices.includes(choice)) continue;
    throw usageFailure(
      `--${name}: expected one of ${choices.join(", ")}, got \`${choice}\`.`,
      suggestion(nearest(choice, choices)),
    );
  }
  return found;
}

const unsetVariable: Advice = "If the value comes from a variable of your shell, set the variable.";

function unknownOption(flag: string, options: readonly Option[], before: string, command?: Command): Error {
  const names = options.map(({ name }) => `--${name}`);
  const meant = nearest(flag, names);
  const acceptsInput = command?.arguments?.some(({ name }) => name === "KEY=VALUE") === true;
  return usageFailure(`Option \`${flag}\` not found.`, [
    ...suggestion(meant),
    ...(acceptsInput && meant === undefined
      ? [[`${flag.slice(2)}=VALUE`, "is a field of the input"] as const]
      : []),
    [`${before} --help`, "lists all options"],
  ]);
}

function argumentsOf(
  { name, arguments: declared = [] }: Command,
  args: readonly string[],
): Map<string, string[]> {
  const parsed = new Map<string, string[]>();
  let at = 0;
  for (const argument of declared) {
    const values = argument.isMany === true ? args.slice(at) : args.slice(at, at + 1);
    at += values.length;
    if (values.length === 0 && argument.isOptional !== true)
      throw usageFailure(`${argument.name} is missing: ${argument.summary}.`, [
        `Usage: tutti ${name} ${declared.map(printArgument).join(" ")}`,
      ]);
    if (argument.isEmptyAllowed !== true && values.includes(""))
      throw usageFailure(`${argument.name} is empty: ${argument.summary}.`, [
        unsetVariable,
        `Usage: tutti ${name} ${declared.map(printArgument).join(" ")}`,
      ]);
    parsed.set(argument.name, values);
  }
  const over = args[at];
  if (over !== undefined)
    throw usageFailure(`Unexpected word \`${over}\`.`, [
      `Usage: tutti ${[name, ...declared.map(printArgument)].join(" ")}`,
    ]);
  return parsed;
}

export function printArgument({ name, isOptional, isMany }: Argument): string {
  const text = isMany === true ? `${name} …` : name;
  return isOptional === true ? `[${text}]` : text;
}
