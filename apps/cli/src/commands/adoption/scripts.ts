/** Adopts the scripts of a folder as capabilities, and compares them with the original scripts. */
import { isUtf8 } from "node:buffer";
import { basename, join, relative, resolve } from "node:path";
import { counted } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { offered } from "../platform/capabilities.ts";
import type { Adopted, NotAdopted, Unnamed, Use } from "./find.ts";

const listName = "tutti-scripts.json";
const workerName = "tutti-scripts.mjs";
const worker = `import { addScripts } from "@tutti/sdk/shell";
import { Worker } from "@tutti/sdk/worker";

const worker = new Worker({ slots: 4 });
await addScripts(worker, import.meta.dirname);
await worker.run();
`;

export async function adoptScripts(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const folder = values.argument("FOLDER");
  const files = await shell.filesIn(folder).catch(() => {
    const problem = shell.isFile(folder)
      ? `\`${folder}\` is a file. Pass its folder.`
      : `Folder \`${folder}\` not found.`;
    throw new Failure(problem, { exitCode: exitCodes.usage, code: "folder" });
  });
  const former = shell.exists(join(folder, listName))
    ? scriptsIn(await shell.readText(join(folder, listName)))
    : [];
  const { cronUser } = await import("../../effects/scripts.ts");
  const { adoptedIn, isList, mayBeAdopted, named, usesIn } = await import("./find.ts");
  const crontabs = { user: cronUser(), hasUser: values.flag("user-field") };
  const [found, notAdopted, uses]: [Unnamed[], NotAdopted[], Use[]] = [[], [], []];
  for (const path of files) {
    const file = relative(folder, path);
    if (file === workerName || file === listName) continue;
    const text = await textOf(shell.readBytes(path), file, { isList, mayBeAdopted });
    if (text === undefined) continue;
    if (typeof text !== "string") {
      notAdopted.push({ file, line: 1, text: basename(file), ...text });
      continue;
    }
    const adopted = adoptedIn(file, text, crontabs, former);
    found.push(...adopted.scripts);
    notAdopted.push(...adopted.notAdopted);
    uses.push(...usesIn(file, text));
  }
  const scripts = named(found, former);
  const names = scripts.map(({ name }) => name);
  requireOwnNames(scripts);
  await shell.writeText(join(folder, listName), `${JSON.stringify({ scripts }, undefined, 2)}\n`);
  if (!shell.exists(join(folder, workerName))) await shell.writeText(join(folder, workerName), worker);
  return {
    json: { scripts, uses, notAdopted },
    quiet: names,
    draw: () => {
      print.table(
        [
          { title: "capability", widthMin: 12 },
          { title: "command", yields: 1 },
        ],
        scripts.map(({ name, command }) => [{ text: name, tone: "bold" as const }, command.join(" ")]),
      );
      for (const { file, line, kind, text } of uses)
        print.line(`${safe(file)}:${line}: ${kind}: ${safe(text)}`);
      for (const { file, line, text, reason } of notAdopted)
        print.line(`${safe(file)}:${line}: not adopted: ${safe(text)}: ${safe(reason)}`);
      for (const change of changesSince(former, scripts)) print.line(change);
      const homes = new Set(scripts.flatMap(({ cwd }) => cwd ?? []));
      if (homes.size > 0)
        print.line(
          `Lines of crontabs run in ${safe([...homes].join(", "))} with the variables that cron sets.`,
        );
      if (scripts.length === 0) {
        print.line(
          "0 scripts adopted. Name a folder with scripts, phony targets of a Makefile or a crontab.",
        );
        return;
      }
      print.line(`${counted(scripts.length, "script")} adopted. Next:`);
      print.line("  npm install @tutti/sdk");
      print.line(`  node ${join(folder, workerName)}`);
      print.line(`  tutti adopt compare ${folder}`);
    },
  };
}

function requireOwnNames(scripts: readonly Adopted[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of scripts) {
    const other = files.get(name);
    files.set(name, file);
    if (other === undefined) continue;
    throw new Failure(
      `\`${other}\` and \`${file}\` would both be the capability \`${name}\`. Rename one of the files.`,
      { exitCode: exitCodes.refused, code: "script_name_taken" },
    );
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "the link leads to no file",
  EACCES: "permission denied",
};

/**
 * Reads the text of a file that may have scripts. Programs read scripts in other encodings too, so their other bytes do not
 * matter. Returns undefined for a file that is no script, of which only the start is read.
 */
async function textOf(
  bytesOfFile: AsyncIterable<Uint8Array>,
  file: string,
  { isList, mayBeAdopted }: Pick<typeof import("./find.ts"), "isList" | "mayBeAdopted">,
): Promise<string | { readonly reason: string } | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of bytesOfFile) {
      if (pieces.length === 0 && !mayBeAdopted(file, Buffer.from(piece.subarray(0, 2)).toString("latin1")))
        return undefined;
      pieces.push(piece);
    }
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? unreadable[String(error.code)] : undefined;
    if (reason === undefined) throw error;
    return mayBeAdopted(file, "") ? { reason } : undefined;
  }
  const bytes = Buffer.concat(pieces);
  if (isList(file) && !isUtf8(bytes)) return { reason: "it is not UTF-8: save it in this encoding" };
  return bytes.toString("utf8");
}

/** Describes the commands that the former list had under the same names, and no longer has. */
function changesSince(former: readonly Adopted[], scripts: readonly Adopted[]): readonly string[] {
  return former.flatMap(({ name, command }) => {
    const before = command.join(" ");
    const now = scripts.find((script) => script.name === name)?.command.join(" ");
    if (now === before) return [];
    const change = now === undefined ? "removed" : `the command is now \`${safe(now)}\``;
    return [`${safe(name)}: ${change}. Before: \`${safe(before)}\``];
  });
}

interface Comparison {
  readonly name: string;
  readonly differences: readonly string[];
}

function scriptsIn(text: string): readonly Adopted[] {
  return (JSON.parse(text) as { readonly scripts: readonly Adopted[] }).scripts;
}

/** Returns the folder and its adopted scripts with the given names. Without names, all scripts. */
export async function adoptedScripts(
  { values, shell }: Pick<Context, "values" | "shell">,
  names: readonly string[],
): Promise<{ readonly folder: string; readonly scripts: readonly Adopted[] }> {
  const path = values.argument("FOLDER");
  const folder = resolve(shell.workingDirectory, path);
  const text = await shell.readText(join(folder, listName)).catch(() => undefined);
  const scripts = text === undefined ? [] : scriptsIn(text);
  if (scripts.length === 0) {
    const problem =
      text === undefined ? `${path} has no ${listName}` : `${listName} in ${path} has no scripts`;
    throw new Failure(`${problem}. Adopt its scripts first.`, {
      exitCode: exitCodes.usage,
      code: "not_adopted",
      next: [[`tutti adopt scripts ${path}`, "adopts them"]],
    });
  }
  const unknown = names.find((name) => !scripts.some((script) => script.name === name));
  if (unknown !== undefined)
    throw new Failure(`Script \`${unknown}\` not found in ${listName}.`, {
      exitCode: exitCodes.refused,
      code: "script_unknown",
    });
  return { folder, scripts: scripts.filter(({ name }) => names.length === 0 || names.includes(name)) };
}

export async function compareScripts(context: Context): Promise<Result> {
  const { values, print } = context;
  const { folder, scripts } = await adoptedScripts(context, values.manyArguments("NAME"));
  const server = await connect(context);
  await noteMissing(context, server, folder, scripts);
  const compared = await comparedIn(server, folder, scripts);
  const different = compared.filter(({ differences }) => differences.length > 0);
  const equal = compared.length - different.length;
  return {
    json: { scripts: compared, equal },
    quiet: different.map(({ name }) => name),
    exitCode: different.length > 0 ? exitCodes.failed : exitCodes.completed,
    draw: () => {
      for (const { name, differences } of different)
        for (const difference of differences)
          print.line(`${print.style.red("✗")} ${safe(name)}: ${safe(difference)}`);
      for (const { name, cwd } of scripts)
        if (cwd !== undefined)
          print.line(`${safe(name)} ran twice in ${safe(cwd)}. Its files were not compared.`);
      print.line(`${equal} of ${counted(compared.length, "script")} equal`);
      const words = [values.argument("FOLDER"), ...values.manyArguments("NAME")];
      if (different.length === 0) print.line(`Next: tutti adopt flip ${words.join(" ")} --percent 10`);
      else print.line(`Next: read the differences. Correct the script, or its command in ${listName}.`);
    },
  };
}

/** Names the scripts that no worker offers: their tasks wait. Without permission to list capabilities there is no note. */
export async function noteMissing(
  { print }: Pick<Context, "print">,
  server: Server,
  folder: string,
  scripts: readonly Adopted[],
): Promise<void> {
  const entries = await offered(server).catch(() => undefined);
  const names = entries && new Set(entries.map(({ name }) => name));
  const missing = scripts.filter(({ name }) => names?.has(name) === false);
  if (missing.length === 0) return;
  print.note(
    `No worker offers ${safe(missing.map(({ name }) => name).join(", "))}. Tasks wait for it. Start it, or start it again: node ${join(folder, workerName)}`,
  );
}

const concurrencyMax = 4;

async function comparedIn(
  server: Server,
  folder: string,
  scripts: readonly Adopted[],
): Promise<readonly Comparison[]> {
  const compared: Comparison[] = [];
  const waiting = [...scripts];
  const work = async (): Promise<void> => {
    for (let script = waiting.shift(); script !== undefined; script = waiting.shift())
      compared.push({ name: script.name, differences: await differencesOf(server, folder, script) });
  };
  await Promise.all(Array.from({ length: concurrencyMax }, work));
  return compared.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Compares both sides of a script. Each runs in a copy of the folder, whose files are compared too. */
async function differencesOf(server: Server, folder: string, script: Adopted): Promise<readonly string[]> {
  const { digestsOf, FolderCopies, runScript } = await import("../../effects/scripts.ts");
  const copies = await FolderCopies.create(folder);
  try {
    const [oldFolder, newFolder] = [await copies.copy("old"), await copies.copy("new")];
    const { stdin = "", cwd, env } = script;
    const [before, after] = [
      await runScript(script.command, { cwd: cwd ?? oldFolder, stdin, env }),
      await runOf(server, script.name, {
        ...(cwd === undefined && { cwd: relative(folder, newFolder) }),
        stdin,
      }),
    ];
    if (typeof after === "string") return [after];
    const written = await Promise.all([digestsOf(oldFolder), digestsOf(newFolder)]);
    const names = new Set(written.flatMap((digests) => [...digests.keys()]));
    return [
      ...difference("exit code", String(before.exitCode), String(after.exitCode)),
      ...difference(
        "stdout",
        before.stdout.replaceAll(oldFolder, folder),
        after.stdout.replaceAll(newFolder, folder),
      ),
      ...difference(
        "stderr",
        before.stderr.replaceAll(oldFolder, folder),
        after.stderr.replaceAll(newFolder, folder),
      ),
      ...[...names]
        .filter((name) => written[0].get(name) !== written[1].get(name))
        .map((name) => `file ${name} differs`),
    ];
  } finally {
    await copies.remove();
  }
}

function difference(label: string, before: string, after: string): readonly string[] {
  if (before === after)
    // Both sides are decoded, with this character in the place of other bytes.
    return before.includes("\uFFFD") ? [`${label} is not UTF-8: a task changes it. Write it to a file`] : [];
  const lines = [before.split("\n"), after.split("\n")] as const;
  const at = lines[0].findIndex((line, index) => line !== lines[1][index]);
  const line = at < 0 ? lines[0].length : at;
  return [
    `${label} differs in line ${line + 1}: before ${JSON.stringify(lines[0][line] ?? "")}, now ${JSON.stringify(lines[1][line] ?? "")}`,
  ];
}

const waitMs = 25_000;

export interface ScriptEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runOf(server: Server, capability: string, input: object): Promise<ScriptEnd | string> {
  const { run } = await server.call("runs.start", {
    query: server.namespace,
    body: { tasks: { tasks: [{ id: "run", capability, input }] }, labels: { adopted: basename(capability) } },
  });
  const ended = await scriptEnd<{ readonly run?: ScriptEnd }>(server, run?.runId ?? "");
  return typeof ended === "string" ? ended : (ended.run ?? "the run has no output");
}

/** Waits for the output of a run of a script. Returns why there is none. */
export async function scriptEnd<Output = ScriptEnd>(server: Server, id: string): Promise<Output | string> {
  for (;;) {
    const { outcome } = await server.call("runs.result", {
      params: { id },
      query: { ...server.namespace, waitMs },
    });
    if (outcome === undefined) continue;
    const { completed, failed, cancelled, terminated } = outcome;
    const ended = failed ?? cancelled ?? terminated;
    if (ended !== undefined) return `the run failed: ${ended.message}`;
    return (completed as Output | undefined) ?? "the run has no output";
  }
}
