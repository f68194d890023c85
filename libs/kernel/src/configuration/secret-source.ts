import { resolve } from "node:path";
import { describeForeign } from "../errors/foreign.ts";
import { type SecretFound, SecretReference, type SecretSource } from "./secret.ts";
import type { ConfigurationSources } from "./sources.ts";

/** Returns the reference `env:NAME` or `file:/path`. A relative path starts in `directory`. */
export function secretReference(
  reference: string,
  sources: ConfigurationSources,
  directory: string,
): SecretReference {
  const colon = reference.indexOf(":");
  const kind = reference.slice(0, colon);
  const location = reference.slice(colon + 1);
  const source = kind === "env" ? variable(location, sources) : file(resolve(directory, location), sources);
  return new SecretReference(reference, source);
}

/** Returns the variable that a reference names, or undefined. */
export function variableOfReference({ reference }: SecretReference): string | undefined {
  return reference.startsWith("env:") ? reference.slice("env:".length) : undefined;
}

function variable(name: string, { environment }: ConfigurationSources): SecretSource {
  const read = (): SecretFound => {
    const secret = environment[name];
    if (secret === undefined) return { missing: "no such environment variable" };
    return secret === "" ? { missing: "an empty environment variable" } : { secret };
  };
  return { read, readLater: async () => read() };
}

function file(path: string, { files }: ConfigurationSources): SecretSource {
  return {
    read() {
      try {
        return found(files.read(path));
      } catch (error) {
        return unreadable(error);
      }
    },
    async readLater() {
      try {
        return found(await files.readLater(path));
      } catch (error) {
        return unreadable(error);
      }
    },
  };
}

function found(text: string | undefined): SecretFound {
  if (text === undefined) return { missing: "no such file" };
  // Editors and `echo` end a file with a new line that is not part of the secret.
  const secret = text.replace(/\r?\n$/, "");
  return secret === "" ? { missing: "an empty file" } : { secret };
}

function unreadable(error: unknown): SecretFound {
  const { code, name } = describeForeign(error);
  return { missing: `a file that cannot be read (${code || name})` };
}
