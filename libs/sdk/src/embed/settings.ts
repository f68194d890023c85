/** Reads variables from the configuration of an application: the environment, a folder of files, a store of keys. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { answerText, durationText, systemTimers } from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface SettingsSources {
  /** Default: the environment of the process. */
  readonly environment?: Variables;
  /** A folder with a file for each key, as Kubernetes mounts a ConfigMap or Secret. */
  readonly folder?: string;
  /** The KV store of Consul, or one with the same HTTP interface. */
  readonly consul?: {
    /** Such as `http://127.0.0.1:8500`. */
    readonly url: string;
    /** The folder of the keys: `shop/tutti`. */
    readonly prefix: string;
    readonly token?: string;
    /** Default: 10,000. */
    readonly timeoutMs?: number;
  };
}

/**
 * Reads variables of Tutti, such as `TUTTI_URL`. A key is the name of the variable, also without `TUTTI_` and in any case:
 * `url`, `api-key`. The environment takes precedence, then the folder, then the store.
 */
export async function readSettings(sources: SettingsSources = {}): Promise<Variables> {
  const { environment = process.env, folder, consul } = sources;
  const [ofFolder, ofConsul] = await Promise.all([
    folder === undefined ? {} : folderVariables(folder),
    consul === undefined ? {} : consulVariables(consul),
  ]);
  return { ...ofConsul, ...ofFolder, ...definedIn(environment) };
}

function definedIn(environment: Variables): Variables {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => name.startsWith("TUTTI_") && value !== undefined),
  );
}

function variableOf(key: string): string {
  const name = key.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  return name.startsWith("TUTTI_") ? name : `TUTTI_${name}`;
}

async function folderVariables(folder: string): Promise<Variables> {
  // Kubernetes keeps earlier contents in folders whose names start with two dots.
  const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
  const read = names.map(async (name) => [variableOf(name), await textOf(join(folder, name))] as const);
  return Object.fromEntries((await Promise.all(read)).filter(([, text]) => text !== undefined));
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR") return undefined;
    throw error;
  }
}

const defaultTimeoutMs = 10_000;

async function consulVariables({
  url,
  prefix,
  token,
  timeoutMs = defaultTimeoutMs,
}: NonNullable<SettingsSources["consul"]>): Promise<Variables> {
  const folder = `${prefix.replace(/^\/+|\/+$/g, "")}/`;
  const place = `${url.replace(/\/+$/, "")}/v1/kv/${folder.split("/").map(encodeURIComponent).join("/")}?recurse=true`;
  const failed = (reason: string) => sdkErrors.settingsUnreadable({ place, reason });
  const late = new AbortController();
  const timer = systemTimers.after(timeoutMs, () =>
    late.abort(new Error(`no answer within ${durationText(timeoutMs)}`)),
  );
  const answer = await fetch(place, {
    redirect: "error",
    signal: late.signal,
    ...(token !== undefined && { headers: { "x-consul-token": token } }),
  }).catch((error: unknown) => {
    timer.cancel();
    throw failed(reasonOf(error));
  });
  const entries: unknown = await answerText(answer)
    .then(JSON.parse)
    .catch(() => undefined);
  timer.cancel();
  // A misspelled prefix would otherwise mean the default settings, such as another namespace.
  if (answer.status === 404) throw failed(`it has no keys below \`${folder}\``);
  if (!answer.ok) throw failed(`status ${answer.status}`);
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw failed("the answer is no list of keys and values");
  const variables = entries
    .filter(({ Key, Value }) => Value !== null && !Key.endsWith("/"))
    .map(({ Key, Value }) => [
      variableOf(Key.slice(folder.length)),
      Buffer.from(String(Value), "base64").toString("utf8").trim(),
    ]);
  return Object.fromEntries(variables);
}

function isEntry(entry: unknown): entry is { readonly Key: string; readonly Value: string | null } {
  return typeof entry === "object" && entry !== null && "Key" in entry && typeof entry.Key === "string";
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as {
    readonly cause?: { readonly message?: string };
    readonly message: string;
  };
  return cause?.message ?? message;
}
