/** Help, drawn from the declarations. */
import type { Style } from "../terminal/style.ts";
import { padEnd, widthOf, wrap } from "../terminal/text.ts";
import { printArgument } from "./command-line.ts";
import { type Command, everyOption, type Group, type Option } from "./declaration.ts";

export interface Page {
  readonly style: Style;
  readonly width: number;
}

export const groups: readonly Group[] = [
  "runs",
  "sessions",
  "missions",
  "workflows",
  "schedules",
  "triggers",
  "objects",
  "installation",
  "access",
  "this machine",
];

/** The commands that a newcomer needs first. `tutti help --all` lists the others too. */
export const firstCommands: readonly string[] = [
  "dev",
  "run",
  "list",
  "show",
  "watch",
  "why",
  "signal",
  "approve",
  "retry",
  "cancel",
  "status",
  "doctor",
];

export function drawHelp(
  { about, isAll = false }: { readonly about: string; readonly isAll?: boolean },
  commands: readonly Command[],
  page: Page,
): string[] {
  const width = Math.max(60, Math.min(page.width, 100));
  const command = commands.find(({ name }) => name === about);
  if (command !== undefined) return commandHelp(command, { ...page, width });
  if (about === "" && !isAll) return introduction(commands, { ...page, width });
  const inside = about === "" ? commands : commands.filter(({ name }) => name.startsWith(`${about} `));
  return overview(about, inside, { ...page, width });
}

const title = ({ style }: Page): string =>
  `${style.bold("tutti")}  ${style.dim("durable workflows and AI agents")}`;

function introduction(commands: readonly Command[], page: Page): string[] {
  const { style } = page;
  const nameWidth = Math.max(...firstCommands.map(widthOf));
  return [
    title(page),
    "",
    ...firstCommands.flatMap((name) =>
      entry(name, commands.find((command) => command.name === name)?.summary ?? "", { nameWidth, page }),
    ),
    "",
    style.dim("Show all commands:   tutti help --all"),
    style.dim("Show one command:    tutti help COMMAND"),
  ];
}

function overview(about: string, commands: readonly Command[], page: Page): string[] {
  const { style } = page;
  const nameWidth = Math.max(...commands.map(({ name }) => widthOf(name)));
  const lines = about === "" ? [title(page)] : [`${style.bold(`tutti ${about}`)}`];
  for (const group of groups) {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0) continue;
    if (about === "") lines.push("", style.bold(group));
    else lines.push("");
    for (const { name, summary } of members) lines.push(...entry(name, summary, { nameWidth, page }));
  }
  return [...lines, "", style.dim("Show one command:    tutti help COMMAND")];
}

function commandHelp(command: Command, page: Page): string[] {
  const { style, width } = page;
  const { name, summary, about = [], arguments: named = [], options = [], examples = [] } = command;
  const own = options.length === 0 ? "" : " [options]";
  const usage = [name, ...named.map(printArgument)].join(" ");
  const lines = [`${style.bold(`tutti ${usage}`)}${style.dim(own)}`, "", ...wrap(`${summary}.`, width)];
  for (const paragraph of about) lines.push("", ...wrap(paragraph, width));
  const namedArguments = named.map((argument) => [printArgument(argument), argument.summary] as const);
  const option = (item: Option): readonly [string, string] => [printOption(item), item.summary];
  const nameWidth = Math.min(
    28,
    Math.max(
      ...[...namedArguments, ...options.map(option), ...everyOption.map(option)].map(([text]) =>
        widthOf(text),
      ),
    ),
  );
  const section = (title: string, entries: readonly (readonly [string, string])[]): void => {
    if (entries.length === 0) return;
    lines.push("", style.bold(title));
    for (const [text, does] of entries) lines.push(...entry(text, does, { nameWidth, page }));
  };
  section("arguments", namedArguments);
  section("options", options.map(option));
  section("global options", everyOption.map(option));
  if (examples.length > 0) lines.push("", style.bold("examples"));
  for (const { words: example, does } of examples)
    lines.push(`  ${style.dim(`# ${does}`)}`, `  tutti ${example}`);
  return lines;
}

function entry(
  name: string,
  does: string,
  { nameWidth, page: { style, width } }: { readonly nameWidth: number; readonly page: Page },
): string[] {
  const [first = "", ...rest] = wrap(does, width - nameWidth - 5);
  const indent = " ".repeat(nameWidth + 5);
  return [
    `  ${padEnd(name, nameWidth)}   ${style.dim(first)}`,
    ...rest.map((line) => `${indent}${style.dim(line)}`),
  ];
}

export function printOption({ name, short, value }: Option): string {
  const flag = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? flag : `${flag} ${value}`;
}
