import { nearest } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { runTool, toolJson } from "../../local/clone.ts";
import { safe, wrap } from "../../terminal/text.ts";

/** A configuration key with the explanation of the kernel. */
interface Setting {
  readonly name: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly source: string;
  readonly place: string;
  readonly unit: string;
  readonly description: string;
  readonly live: boolean;
  readonly overridden: readonly { readonly place: string }[];
}

export async function configExplain(context: Context): Promise<Result> {
  const { values, shell } = context;
  const key = values.optionalArgument("KEY");
  const subject = "Explaining the configuration";
  const run = await runTool(shell, subject, [
    "tools/explain.mjs",
    ...(key === undefined ? [] : [key]),
    "--json",
  ]);
  // The cast: the tool is part of the same clone, and prints the explanation of the kernel.
  const { settings, keys = [] } = toolJson(subject, run) as {
    readonly settings: readonly Setting[];
    readonly keys?: readonly string[];
  };
  if (settings.length === 0) {
    const meant = nearest(key ?? "", [...keys, ...keys.map((name) => name.split(".")[0] ?? name)]);
    throw usageFailure(`Configuration key \`${key}\` not found.`, [
      ...(meant === undefined ? [] : [`Did you mean \`${meant}\`?`]),
      ["tutti config explain", "lists all options"],
    ]);
  }
  return {
    json: { settings },
    draw: () => {
      if (settings.length > 1 || key === undefined) printSettings(context, settings);
      else for (const setting of settings) printSetting(context, setting);
    },
  };
}

function printSettings({ print }: Context, settings: readonly Setting[]): void {
  print.table(
    [
      { title: "key", widthMin: 20 },
      { title: "value", yields: 1, widthMin: 12 },
      { title: "from", yields: 2, widthMin: 10 },
    ],
    settings.map((setting) => [
      setting.name,
      { text: valueText(setting), tone: setting.source === "default" ? "dim" : "bold" },
      setting.source === "default" ? { text: "default", tone: "dim" } : { text: setting.place, tone: "cyan" },
    ]),
  );
}

function printSetting({ print }: Context, setting: Setting): void {
  const { style } = print;
  print.lines([
    style.bold(safe(setting.name)),
    ...wrap(safe(setting.description), Math.min(print.width, 90)),
    "",
  ]);
  print.facts([
    ["value", { text: valueText(setting), tone: "bold" }],
    ["from", setting.source === "default" ? "the default" : `${setting.source} ${setting.place}`],
    ["default", setting.source === "default" ? undefined : printValue(setting.default)],
    [
      "overrides",
      setting.overridden
        .map(({ place }) => place)
        .filter((place) => place !== "")
        .join(", "),
    ],
    ["change", setting.live ? "reloaded without a restart" : "needs a restart"],
  ]);
}

function valueText({ value, unit }: Setting): string {
  return `${printValue(value)}${unit === "" || value === null ? "" : ` ${unit}`}`;
}

function printValue(value: unknown): string {
  return value === null ? "not set" : JSON.stringify(value);
}
