/**
 * A folder of the worker's machine.
 *
 * A link that leads out of the folder is refused, so an input cannot reach other files.
 */
import type { Stats } from "node:fs";
import { mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { isTuttiError } from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { Adapter } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import type { Source } from "../source.ts";
import {
  type FileCall,
  type FileEntry,
  type FilePlace,
  type FilesOptions,
  filesAdapterOf,
  filesOptionNames,
  partOf,
  partPrefix,
  tooLarge,
  tooMany,
} from "./place.ts";
import { type FilesSourceOptions, filesSourceOf, filesSourceOptionNames } from "./source.ts";

export interface FolderOptions {
  /** A folder of the worker's machine. */
  readonly folder: string;
}

const placeOptionNames: OptionNames<FolderOptions> = {
  folder: true,
};

/** Files of a folder as operations. */
export function folderAdapter(options: FilesOptions & FolderOptions): Adapter {
  requireKnown("folderAdapter", options, { ...filesOptionNames, ...placeOptionNames });
  return filesAdapterOf("folder", options, new Folder(options));
}

/** Returns a source that starts runs of files of a folder. */
export function folderSource(options: FilesSourceOptions & FolderOptions): Source {
  requireKnown("folderSource", options, { ...filesSourceOptionNames, ...placeOptionNames });
  return filesSourceOf("folder-source", options, new Folder(options));
}

class Folder implements FilePlace {
  readonly #folder: string;

  constructor({ folder }: FolderOptions) {
    this.#folder = resolve(folder);
  }

  close(): void {}

  async check(call: FileCall): Promise<void> {
    await this.#try(call, async () => {
      if (!(await stat(this.#folder)).isDirectory()) throw fault("ENOTDIR");
    });
  }

  list(folder: string, max: number, call: FileCall): Promise<readonly FileEntry[]> {
    return this.#try(call, async () => {
      const root = await this.#inside(folder, call);
      const found: FileEntry[] = [];
      const all = await readdir(root, { recursive: true, withFileTypes: true }).catch(otherwise([]));
      for (const each of all) {
        if (!each.isFile() || each.name.startsWith(partPrefix)) continue;
        if (found.length === max) throw tooMany(call, max);
        const path = join(each.parentPath, each.name);
        const about = await stat(path).catch(otherwise(undefined));
        const inRoot = relative(root, path).split(sep).join("/");
        if (about !== undefined) found.push(entryOf(folder === "" ? inRoot : `${folder}/${inRoot}`, about));
      }
      return found.toSorted((one, other) => (one.path < other.path ? -1 : 1));
    });
  }

  info(path: string, call: FileCall): Promise<FileEntry | undefined> {
    return this.#try(call, async () => {
      const about = await stat(await this.#inside(path, call)).catch(otherwise(undefined));
      return about?.isFile() === true ? entryOf(path, about) : undefined;
    });
  }

  read(path: string, bytesMax: number, call: FileCall): Promise<Buffer | undefined> {
    return this.#try(call, async () => {
      const file = await open(await this.#inside(path, call), "r").catch(otherwise(undefined));
      if (file === undefined) return undefined;
      try {
        const about = await file.stat();
        if (!about.isFile()) throw fault("EISDIR");
        if (about.size > bytesMax) throw tooLarge(call, bytesMax);
        const bytes = await file.readFile({ signal: call.signal });
        // The file may grow during the read.
        if (bytes.length > bytesMax) throw tooLarge(call, bytesMax);
        return bytes;
      } finally {
        await file.close();
      }
    });
  }

  write(path: string, bytes: Uint8Array, call: FileCall): Promise<void> {
    return this.#try(call, async () => {
      const target = await this.#inside(path, call);
      await mkdir(join(target, ".."), { recursive: true });
      const part = await this.#inside(partOf(path, call), call);
      const file = await open(part, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, target);
    });
  }

  remove(path: string, call: FileCall): Promise<boolean> {
    return this.#try(call, async () => {
      const target = await this.#inside(path, call);
      if ((await stat(target).catch(otherwise(undefined))) === undefined) return false;
      await rm(target);
      return true;
    });
  }

  move(from: string, to: string, call: FileCall): Promise<boolean> {
    return this.#try(call, async () => {
      const [source, target] = [await this.#inside(from, call), await this.#inside(to, call)];
      if ((await stat(source).catch(otherwise(undefined))) === undefined) return false;
      await mkdir(join(target, ".."), { recursive: true });
      await rename(source, target);
      return true;
    });
  }

  /** Returns the path on the disk, with all links resolved as far as it exists. */
  async #inside(path: string, { operation }: FileCall): Promise<string> {
    const root = await realpath(this.#folder);
    const rest: string[] = [];
    for (let at = join(root, path); ; ) {
      const real = await realpath(at).catch(otherwise(undefined));
      if (real !== undefined) {
        if (real === root || real.startsWith(`${root}${sep}`)) return join(real, ...rest);
        throw adapterErrors.refused({ operation, reason: `\`${path}\` leads out of the folder` });
      }
      const above = join(at, "..");
      rest.unshift(relative(above, at));
      at = above;
    }
  }

  async #try<T>(call: FileCall, work: () => Promise<T>): Promise<T> {
    call.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      if (isTuttiError(error)) throw error;
      throw failureOf(call.operation, error);
    }
  }
}

function entryOf(path: string, { size, mtime }: Stats): FileEntry {
  return { path, size, modified: mtime.toISOString() };
}

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Returns a value instead of the error for a missing file. */
function otherwise<T>(value: T): (error: unknown) => T {
  return (error) => {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") return value;
    throw error;
  };
}

/** Errors with which the same call would fail again. */
const lasting: Readonly<Record<string, string>> = {
  EACCES: "the worker may not do this",
  EPERM: "the worker may not do this",
  EROFS: "the file system is read-only",
  EEXIST: "a part of the path is no folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links form a circle",
  EXDEV: "it is on another file system",
  ENOTEMPTY: "there is a folder with files",
};

function failureOf(operation: string, error: unknown): Error {
  const { code = "", message = String(error) } = error as {
    readonly code?: string;
    readonly message?: string;
  };
  if (code === "ENOENT") return adapterErrors.unreachable({ operation, reason: "the folder does not exist" });
  const reason = lasting[code];
  if (reason !== undefined) return adapterErrors.refused({ operation, reason: `${reason} (${code})` });
  return adapterErrors.failed({ operation, reason: message });
}
