import { readFileSync, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCodeOf } from "../errors/caught.ts";

/** Inputs of the configuration. All access to the environment is here, so that tests need no disk. */
export interface ConfigurationSources {
  /** Directory of `tutti.yaml` and of relative paths. */
  readonly directory: string;
  /** The flags, without the program's own name. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: ConfigurationFiles;
}

export interface ConfigurationFiles {
  /** Returns the text of a file. Undefined if it does not exist. Throws if it cannot be read. */
  read(path: string): string | undefined;
  readLater(path: string): Promise<string | undefined>;
  /**
   * Calls back when the file may have been created, changed, replaced or removed. Returns a function that stops that.
   */
  watch(path: string, changed: () => void): () => void;
}

/** Returns the sources of this process. */
export function systemSources(): ConfigurationSources {
  return {
    directory: process.cwd(),
    arguments: process.argv.slice(2),
    environment: process.env,
    files: systemFiles,
  };
}

/** Returns sources in memory, for tests and for programs with a built-in configuration. Paths are absolute. */
export function memorySources(
  options: {
    readonly arguments?: readonly string[];
    readonly environment?: Readonly<Record<string, string | undefined>>;
    /** Texts by absolute path. The working directory is `/`. May be changed between readings. */
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): ConfigurationSources {
  const texts = options.files ?? {};
  const read = (path: string) => (Object.hasOwn(texts, path) ? texts[path] : undefined);
  return {
    directory: "/",
    arguments: options.arguments ?? [],
    environment: options.environment ?? {},
    files: { read, readLater: async (path) => read(path), watch: () => () => {} },
  };
}

const systemFiles: ConfigurationFiles = {
  read(path) {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      return absentOr(error);
    }
  },
  async readLater(path) {
    return readFile(path, "utf8").catch(absentOr);
  },
  watch(path, changed) {
    // Watches the directory, not the file: editors replace the file, and Kubernetes replaces a link in the directory.
    const watcher = watch(dirname(path), { persistent: false }, changed);
    // The directory itself may be removed. Then the values read last stay.
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  },
};

function absentOr(error: unknown): undefined {
  const code = systemCodeOf(error);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
  return undefined;
}
