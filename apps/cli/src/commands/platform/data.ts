/** Commands for a data directory. The code of the platform runs them and prints the output. */
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverTo } from "../../local/clone.ts";

export async function dataVerify(context: Context): Promise<Result> {
  return await run(context, "verify", []);
}

export async function dataBackup(context: Context): Promise<Result> {
  return await run(context, "backup", ["copy", "passphrase-file"], ["keys-elsewhere"]);
}

export async function dataRestore(context: Context): Promise<Result> {
  return await run(context, "restore", ["copy", "passphrase-file"]);
}

async function run(
  { values, shell }: Context,
  command: "verify" | "backup" | "restore",
  named: readonly string[],
  flags: readonly string[] = [],
): Promise<Result> {
  const args = ["data-directory", ...named].flatMap((name) => {
    const value = values.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const set = [...flags, "json"].filter((name) => values.flag(name)).map((name) => `--${name}`);
  return await handOverTo(shell, `\`tutti data ${command}\``, ["tools/data.mjs", command, ...args, ...set]);
}
