/** Decides which changes of a task are worth a notification. */
import { createHash } from "node:crypto";
import type { Run } from "@tutti/rest/types";
import { isObject, type Json } from "../protocol.ts";
import { hasEnded, type Question, statusOf, taskOf } from "../tasks.ts";

export interface Observed {
  readonly changed: boolean;
  /** Whether nothing more is to come. */
  readonly ended: boolean;
  /** The state in the last notification. */
  readonly shown: string;
  /** A StreamResponse. Null without a change. */
  readonly body: Json | null;
}

/** A larger artifact is left out: the client gets the task instead. */
const bodyBytesMax = 524_288;

/** The current state of a task, compared with the last report. Progress of a working task is no change. */
export function observed(run: Run, question: Question | undefined, before: string): Observed {
  const ended = hasEnded(run);
  const { state, message } = statusOf(run, question);
  const parts = (ended || question !== undefined) && isObject(message) ? message["parts"] : null;
  const task = taskOf({ run, question, history: undefined, hasArtifacts: ended });
  const text = JSON.stringify([state, parts, task["artifacts"] ?? null]);
  const shown = createHash("sha256").update(text).digest("base64url");
  if (shown === before) return { changed: false, ended, shown, body: null };
  return { changed: true, ended, shown, body: { task: bounded(task) } };
}

function bounded(task: Json): Json {
  if (Buffer.byteLength(JSON.stringify(task)) <= bodyBytesMax) return task;
  const { artifacts: _, ...rest } = task;
  const metadata = isObject(task["metadata"]) ? task["metadata"] : {};
  return { ...rest, metadata: { ...metadata, "tutti/artifacts": "omitted" } };
}
