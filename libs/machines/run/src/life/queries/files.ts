/**
 * Content in the blob store that a run refers to: files within its values, and values that were too large to
 * inline.
 */
import type { Payload } from "@tutti/contracts/types/v1";
import { FunctionEntryKind, type RunFile } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { Query, Refusal } from "@tutti/kernel";
import { bytesOrNull, type Data, dataOfPayload, mentionsBlob } from "@tutti/machine-work";
import { hasOutput, outputOf } from "../../core/evaluate/outputs.ts";
import { inputOf } from "../../core/evaluate/scene.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { currentRanges, rangePlace, taskIdOf } from "../../core/state/places.ts";
import type { NodeView, Run, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";

export interface ShowFilesOptions {
  /**
   * Number of the first node. The input of the run comes before the first node, all other content of the run
   * after the last one.
   */
  readonly from: number;
  readonly size: number;
}

export interface FilesPage {
  readonly files: readonly RunFile[];
  /** Number of the node of the next page; -1 at the end. */
  readonly next: number;
}

/** Nodes that one reply reads. */
const scannedMax = 20_000;

export const showFiles: Query<Run, ShowFilesOptions, FilesPage | Refusal> = {
  type: "files",
  answer(run, { from, size }, { key }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    const files: RunFile[] = [];
    if (from <= 0) addFiles(inputOf(run), "input", files);
    const until = Math.min(run.nodeCount, from + scannedMax);
    const current = currentRanges(run);
    for (let number = Math.max(0, from); number < until; number++) {
      // Each page contains at least one task, so that the next one starts after it.
      if (files.length >= size && number > from) return { files, next: number };
      const node = run.nodes[number];
      if (node !== undefined && current.has(rangePlace(run.ranges, number))) addOfTask(run, node, files);
    }
    if (until < run.nodeCount) return { files, next: until };
    for (const { signal, payload } of run.more?.signals ?? [])
      addFiles(dataOfPayload(payload as Payload | undefined), `signals.${signal}`, files);
    addFiles(run.output as Data | undefined, "output", files);
    return { files, next: -1 };
  },
};

function addOfTask(run: RunView, node: NodeView, files: RunFile[]): void {
  const id = taskIdOf(run, node.number);
  addFiles(node.input as Data | undefined, `${id}.input`, files);
  for (const { kind, id: name, json } of stateOfKind(node, "function")?.journal.entries ?? [])
    if (kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_STEP) addFiles(json, `${id}.steps.${name}`, files);
    else if (kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_SET) addFiles(json, `${id}.state.${name}`, files);
  if (hasOutput(run, node.number)) addFiles(outputOf(run, node.number), `${id}.output`, files);
}

/** Adds the references within a value. The same content under several names is listed under each of them. */
function addFiles(value: Data | string | undefined, name: string, files: RunFile[]): void {
  if (value === undefined) return;
  const json = typeof value === "string" ? value : bytesOrNull(value);
  if (mentionsBlob(json)) collect(parsedText(json), name, files);
}

function parsedText(json: Uint8Array | string): Json {
  try {
    return JSON.parse(typeof json === "string" ? json : Buffer.from(json).toString());
  } catch {
    return null;
  }
}

function collect(value: Json, name: string, files: RunFile[]): void {
  if (typeof value !== "object" || value === null) return;
  const { $blob, mediaType } = value as { readonly $blob?: Json; readonly mediaType?: Json };
  const { sha256, size } = ($blob ?? {}) as { readonly sha256?: Json; readonly size?: Json };
  if (typeof sha256 === "string" && hexHash.test(sha256) && typeof size === "number") {
    const type = typeof mediaType === "string" && mediaType !== "" ? mediaType : "application/json";
    files.push({ name, mediaType: type, blob: { sha256: Buffer.from(sha256, "hex"), size } });
    return;
  }
  for (const [key, inner] of Object.entries(value)) collect(inner, `${name}.${key}`, files);
}

const hexHash = /^[\da-f]{64}$/;
