import { dirname, resolve } from "node:path";
import { describeForeign } from "../errors/foreign.ts";
import type { Declarations } from "./declarations.ts";
import type { Entry, Problem } from "./entry.ts";
import { fileVariable, presetVariable, readEnvironment, unknownVariable } from "./environment-source.ts";
import { type ConfigurationFile, readFile } from "./file-source.ts";
import { readFlags } from "./flag-source.ts";
import { Reading } from "./reading.ts";
import { secretReference, variableOfReference } from "./secret-source.ts";
import type { Key } from "./section.ts";
import type { ConfigurationSources } from "./sources.ts";

/** Content of all sources together. */
export interface SourceContent {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  readonly unusable: ReadonlySet<Key>;
  /** Path of the configuration file, even if it does not exist. */
  readonly path: string;
  /** Its text. Undefined if it does not exist. */
  readonly text: string | undefined;
}

const fileNames = ["tutti.yaml", "tutti.yml", "tutti.json"] as const;

export function readSources(sources: ConfigurationSources, declarations: Declarations): SourceContent {
  const fromHere = (reference: string) => secretReference(reference, sources, sources.directory);
  const flags = new Reading(fromHere);
  const named =
    readFlags(sources.arguments, declarations, flags) || sources.environment[fileVariable] || undefined;
  const environment = new Reading(fromHere);
  const unknown = readEnvironment(sources.environment, declarations, environment);
  const preset = new Reading(fromHere);
  readPreset(sources.environment[presetVariable], declarations, preset);

  const found = findFile(named, sources);
  const file = new Reading((reference) => secretReference(reference, sources, dirname(found.path)));
  if (found.problem !== undefined) file.refuse(found.name, found.problem);
  if (found.text !== undefined) readFile({ name: found.name, text: found.text }, declarations, file);

  const readings = [preset, file, environment, flags];
  const entries = readings.flatMap((reading) => reading.entries);
  const referenced = new Set(entries.flatMap(({ secrets }) => secrets.map(variableOfReference)));
  for (const variable of unknown) {
    // A variable of our prefix may contain a secret that a reference names. Then it is not a key.
    if (!referenced.has(variable)) environment.refuse(variable, unknownVariable(variable, declarations));
  }
  return {
    entries,
    problems: readings.flatMap((reading) => reading.problems),
    unusable: new Set(readings.flatMap((reading) => [...reading.unusable])),
    path: found.path,
    text: found.text,
  };
}

interface FoundFile extends Pick<ConfigurationFile, "name"> {
  readonly path: string;
  readonly text: string | undefined;
  readonly problem?: string;
}

/** Returns the named file, which must exist, or the one in the working directory, which may be missing. */
function findFile(named: string | undefined, sources: ConfigurationSources): FoundFile {
  if (named !== undefined) {
    const file = readText(named, sources);
    if (file.text !== undefined || file.problem !== undefined) return file;
    return {
      ...file,
      problem: `expected a configuration file at ${file.path}, got none. Correct --config or ${fileVariable}`,
    };
  }
  const files = fileNames.map((name) => readText(name, sources));
  const there = files.filter(({ text, problem }) => text !== undefined || problem !== undefined);
  const [first, second] = there;
  if (first === undefined)
    return { name: fileNames[0], path: resolve(sources.directory, fileNames[0]), text: undefined };
  if (second === undefined) return first;
  return {
    ...first,
    problem: `found both ${first.name} and ${second.name} in ${sources.directory}; keep one, or name it by --config`,
  };
}

function readText(name: string, { directory, files }: ConfigurationSources): FoundFile {
  const path = resolve(directory, name);
  try {
    return { name, path, text: files.read(path) };
  } catch (error) {
    const { code, message } = describeForeign(error);
    return {
      name,
      path,
      text: undefined,
      problem: `the configuration file ${path} cannot be read: ${code || message}`,
    };
  }
}

/**
 * Reads the values that the parent of the process sets instead of the defaults: `{"log.level":"warn"}`. Every other
 * source overrides them, so that a user who gets an unrequested preset can set any value in any source.
 */
function readPreset(text: string | undefined, declarations: Declarations, reading: Reading): void {
  if (text === undefined || text === "") return;
  const values = mappingIn(text);
  if (values === undefined) {
    reading.refuse(presetVariable, `${presetVariable}: expected an object in JSON, got something else`);
    return;
  }
  for (const [name, value] of Object.entries(values)) {
    const setting = declarations.byName(name);
    if (setting !== undefined)
      reading.record(setting, { typed: value }, { source: "preset", place: presetVariable });
    else if (!declarations.isOfOtherProcess(name))
      reading.refuse(name, `${presetVariable}: unknown key \`${name}\``);
  }
}

function mappingIn(text: string): object | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
