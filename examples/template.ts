/**
 * `tutti template`: lists the examples, shows their files, and runs an example on a running platform, with its workers in
 * this process. The package has a bundle of this program and of the examples.
 *
 *     list             names with descriptions
 *     show NAME        the files of an example
 *     run NAME         runs an example in its own namespace, and prints the outcome
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { nearest, TuttiError } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { exampleNamed, exampleNames, startCrew } from "./examples.ts";
import { type PlayKind, perform, playNamed, playNames } from "./plays.ts";

interface Template {
  /** `order`, `missions/vote` */
  readonly name: string;
  readonly kind: "workflows" | PlayKind;
  readonly about: string;
  readonly folder: URL;
}

const kinds: readonly PlayKind[] = ["agents", "missions", "sessions"];
const sources = /\.(ts|yaml|py)$/;

function templates(): readonly Template[] {
  const workflows = exampleNames().map((name) => of("workflows", name, name));
  return [
    ...workflows,
    ...kinds.flatMap((kind) => playNames(kind).map((name) => of(kind, name, `${kind}/${name}`))),
  ];
}

function of(kind: Template["kind"], directory: string, name: string): Template {
  const folder = new URL(`${kind}/${directory}/`, import.meta.url);
  return { name, kind, about: aboutOf(folder), folder };
}

/** Returns the description of the definition, or the first comment of the program. */
function aboutOf(folder: URL): string {
  const read = (file: string) => {
    const url = new URL(file, folder);
    return existsSync(url) ? readFileSync(url, "utf8") : "";
  };
  const described = /^description: (.+)$/m.exec(read("workflow.yaml"))?.[1];
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(read("play.ts"))?.[1];
  return described ?? comment?.replace(/\s*\n\s*\* ?/g, " ").trim() ?? "";
}

/** Returns the source files. The package has compiled files next to them. */
function filesOf({ folder }: Template): readonly string[] {
  return readdirSync(folder)
    .filter((file) => sources.test(file))
    .sort();
}

const url = process.env["TUTTI_URL"] ?? process.env["TUTTI_SERVER"] ?? "http://127.0.0.1:7400";

async function run({ name, kind }: Template, namespace: string): Promise<unknown> {
  const worker = new Worker({ namespace });
  await using tutti = await connect({ namespace });
  console.error(`${name} in namespace ${namespace}: ${url}/?namespace=${namespace}`);
  if (kind !== "workflows") {
    const [, play = ""] = name.split("/");
    return await perform(await playNamed(kind, play), { worker, tutti, url });
  }
  const example = await exampleNamed(name);
  example.handle(worker);
  if (example.hasHandlers) await worker.start();
  const crew = await startCrew(example, tutti, (options) => new Worker({ namespace, ...options }));
  try {
    return await example.play(tutti);
  } finally {
    for (const each of [worker, ...crew]) await each.stop();
  }
}

async function main(): Promise<number> {
  const words = process.argv.slice(2).filter((word) => word !== "--json");
  const isJson = words.length < process.argv.length - 2;
  const [verb = "list", name = ""] = words;
  const all = templates();
  if (verb === "list") {
    const width = Math.max(...all.map((one) => one.name.length));
    const lines = all.map((one) => `${one.name.padEnd(width)}  ${one.about}`);
    console.log(
      isJson
        ? JSON.stringify(all.map((one) => ({ name: one.name, kind: one.kind, about: one.about })))
        : lines.join("\n"),
    );
    return 0;
  }
  const template = all.find((one) => one.name === name || `workflows/${one.name}` === name);
  if (template === undefined) {
    const meant = nearest(
      name,
      all.map((one) => one.name),
    );
    console.error(
      [
        `✗ Template \`${name}\` not found. List templates with \`tutti template list\`.`,
        ...(meant === undefined ? [] : [`  Did you mean \`${meant}\`?`]),
      ].join("\n"),
    );
    return 2;
  }
  if (verb === "show") {
    const files = filesOf(template).map((file) => ({
      file,
      text: readFileSync(new URL(file, template.folder), "utf8"),
    }));
    console.log(
      isJson
        ? JSON.stringify({ name: template.name, files })
        : files.map(({ file, text }) => `# ${file}\n\n${text}`).join("\n"),
    );
    return 0;
  }
  // A new namespace for each execution, because the ids of the runs are fixed.
  const namespace = `template-${Date.now().toString(36)}`;
  try {
    console.log(JSON.stringify(await run(template, namespace), undefined, 2));
    console.error(nextSteps(template, namespace));
    return 0;
  } catch (error) {
    if (!(error instanceof TuttiError)) throw error;
    console.error(`✗ Template \`${template.name}\` failed: ${error.message}`);
    return 1;
  }
}

/** Returns the commands that show what happened. */
function nextSteps({ name }: Template, namespace: string): string {
  const steps = [
    [`${url}/?namespace=${namespace}`, "shows what happened"],
    [`tutti list --namespace ${namespace}`, "lists its runs, missions and sessions"],
    [`tutti template show ${name}`, "prints its files, to copy"],
  ] as const;
  const width = Math.max(...steps.map(([step]) => step.length));
  return steps.map(([step, does]) => `  ${step.padEnd(width)}  ${does}`).join("\n");
}

process.exitCode = await main();
