/**
 * A source that starts runs of files of a place.
 *
 * 1. The id of a run is derived from path, size and time of its file. A replaced file starts another run.
 * 2. A file is taken if it has not changed between two looks, so that it is completely written.
 * 3. A file is moved before its run starts, so the run finds it at one path. A note is written before the move and removed
 *    after the start. After a crash, the notes list the runs that may be missing.
 */
import { createHash } from "node:crypto";
import { sleep, systemTimers } from "@tutti/kernel";
import type { OptionNames } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import type { FileCall, FileEntry, FilePlace } from "./place.ts";

/** A file that starts a run, at the path where the run finds it. */
export interface ClaimedFile extends FileEntry {
  /** Its path in the inbox. */
  readonly name: string;
}

export interface FilesSourceOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  /** Folder of new files. Default: `inbox`. */
  readonly inbox?: string;
  readonly start: (file: ClaimedFile) => SourceStart;
  /** Folder to which files are moved before their runs start. Default: `taken`. */
  readonly taken?: string;
  /** The folder of files that cannot start. Default: `failed`. */
  readonly failures?: string;
  /** How often to look for files. Default: 5,000. */
  readonly pollMs?: number;
}

export const filesSourceOptionNames: OptionNames<FilesSourceOptions> = {
  name: true,
  inbox: true,
  start: true,
  taken: true,
  failures: true,
  pollMs: true,
};
const defaults = { inbox: "inbox", taken: "taken", failures: "failed", pollMs: 5_000 };
/** Maximum number of files in one look. */
const filesMax = 10_000;
const markerBytesMax = 16_384;

export function filesSourceOf(kind: string, options: FilesSourceOptions, place: FilePlace): Source {
  const { name, inbox = defaults.inbox, pollMs = defaults.pollMs } = options;
  const { taken = defaults.taken, failures = defaults.failures } = options;
  for (const folder of [taken, failures])
    if (`${folder}/`.startsWith(`${inbox}/`))
      throw adapterErrors.invalid({
        adapter: name,
        problem: `\`${folder}\` is in the inbox, so its files would start again`,
      });
  const status = async (call: AdapterCall) => ({
    waiting: (await place.list(inbox, filesMax, { ...callerOf(call), operation: name })).length,
  });
  return sourceOf({
    name,
    kind,
    description: "Counts waiting files.",
    status,
    check: (call) => place.check({ ...callerOf(call), operation: name }),
    close: () => place.close(),
    sessions: (runOptions) => async (caller, well) => {
      const inflow = new Inflow(options, place, runOptions, { ...caller, operation: name });
      await inflow.resumePending();
      let previousStates = new Map<string, string>();
      while (!caller.signal.aborted) {
        const files = await place.list(inbox, filesMax, { ...caller, operation: name });
        well();
        for (const file of files)
          if (previousStates.get(file.path) === stateOf(file)) await inflow.claim(file);
        previousStates = new Map(files.map((file) => [file.path, stateOf(file)]));
        await sleep(systemTimers, pollMs, caller.signal).catch(() => {});
      }
    },
  });
}

function callerOf(call: AdapterCall): Caller {
  const { signal, remainingMs } = call;
  return {
    signal,
    secret: (reference) => call.secret(reference),
    ...(remainingMs !== undefined && { remainingMs }),
  };
}

function stateOf({ size, modified }: FileEntry): string {
  return `${size} ${modified}`;
}

/** A file that is being taken. */
interface Marker {
  readonly file: FileEntry;
  readonly id: string;
}

class Inflow {
  readonly #options: FilesSourceOptions;
  readonly #place: FilePlace;
  readonly #runOptions: SourceRunOptions;
  readonly #call: FileCall;
  readonly #markerFolder: string;

  constructor(options: FilesSourceOptions, place: FilePlace, runOptions: SourceRunOptions, call: FileCall) {
    this.#options = options;
    this.#place = place;
    this.#runOptions = runOptions;
    this.#call = call;
    this.#markerFolder = `${options.taken ?? defaults.taken}/.starting`;
  }

  /** Starts the runs of noted files, after a crash between the notes and the starts. */
  async resumePending(): Promise<void> {
    for (const { path } of await this.#place.list(this.#markerFolder, filesMax, this.#call)) {
      const bytes = await this.#place.read(path, markerBytesMax, this.#call);
      if (bytes !== undefined) await this.#start(JSON.parse(bytes.toString("utf8")) as Marker);
    }
  }

  async claim(file: FileEntry): Promise<void> {
    const id = createHash("sha256")
      .update(`${file.path}\n${stateOf(file)}`)
      .digest("hex")
      .slice(0, 32);
    const marker = { file, id };
    await this.#place.write(this.#markerPath(marker), Buffer.from(JSON.stringify(marker)), this.#call);
    await this.#start(marker);
  }

  #markerPath({ id }: Marker): string {
    return `${this.#markerFolder}/${id}.json`;
  }

  /** Returns the path of a kept file. Its id keeps files with the same name apart. */
  #storedPath(folder: string, { file, id }: Marker): string {
    return `${folder}/${id.slice(0, 8)}-${this.#nameOf(file).replaceAll("/", "-")}`;
  }

  #nameOf({ path }: FileEntry): string {
    return path.slice((this.#options.inbox ?? defaults.inbox).length + 1);
  }

  async #start(marker: Marker): Promise<void> {
    const { name, taken = defaults.taken, failures = defaults.failures, start } = this.#options;
    const [place, call, { file }] = [this.#place, this.#call, marker];
    const path = this.#storedPath(taken, marker);
    const found = await place.info(file.path, call);
    if (found !== undefined && stateOf(found) === stateOf(file)) await place.move(file.path, path, call);
    if ((await place.info(path, call)) !== undefined) {
      const movedFile: ClaimedFile = { ...file, path, name: this.#nameOf(file) };
      const reason = await startedBy(this.#runOptions.tutti, `${name}-${marker.id}`, () => start(movedFile));
      if (reason !== undefined) {
        this.#runOptions.logger?.warn("a file cannot start a run", { source: name, path: file.path, reason });
        const failed = this.#storedPath(failures, marker);
        await place.write(`${failed}.reason.txt`, Buffer.from(`${reason}\n`), call);
        await place.move(path, failed, call);
      }
    }
    await place.remove(this.#markerPath(marker), call);
  }
}
