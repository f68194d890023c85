/**
 * The last checkpoint outside of the installation: a writer of its journal and its audit log cannot undo this
 * one.
 *
 * A line of JSON each:
 * `{"number":…,"time_ms":…,"tree_size":…,"root_hash":…,"signature":…,"signing_key_id":…}`. A file has one
 * after the other. The answer of a URL or a command may have several, and the last one counts.
 */

import { execFile } from "node:child_process";
import { appendFile, readFile } from "node:fs/promises";
import type { Checkpoint } from "@tutti/contracts/governance/v1";
import { answerText, durationText, ifPresent, reasonOf, type Timers } from "@tutti/kernel";
import { checkpointLineOf } from "@tutti/policy/audit";
import { auditErrors } from "../errors.ts";
import type { AnchoredCheckpoint } from "./anchor-check.ts";

export interface OutsideAnchor {
  /** The configured place. */
  readonly name: string;
  /** Undefined before the first anchor. */
  last(): Promise<AnchoredCheckpoint | undefined>;
  put(checkpoint: Checkpoint): Promise<void>;
}

interface Place {
  /** Empty if there is nothing yet. */
  read(): Promise<string>;
  write(line: string): Promise<void>;
}

const timeoutMs = 10_000;
const privateMode = 0o600;

/** Returns undefined if none is configured. */
export function outsideAnchor(anchor: string, timers: Timers): OutsideAnchor | undefined {
  if (anchor === "") return;
  const place = placeOf(anchor, timers);
  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      const problem = reasonOf(error);
      throw auditErrors.anchorUnusable({ anchor, problem });
    }
  };
  return {
    name: anchor,
    last: () => guarded(async () => lastIn(await place.read())),
    put: (checkpoint) => guarded(() => place.write(`${JSON.stringify(checkpointLineOf(checkpoint))}\n`)),
  };
}

function placeOf(anchor: string, timers: Timers): Place {
  const rest = anchor.slice(anchor.indexOf(":") + 1);
  if (anchor.startsWith("file:")) return filePlace(rest);
  return anchor.startsWith("command:") ? commandPlace(rest) : urlPlace(anchor, timers);
}

function filePlace(file: string): Place {
  return {
    read: async () => (await ifPresent(readFile(file, "utf8"))) ?? "",
    write: (line) => appendFile(file, line, { mode: privateMode, flush: true }),
  };
}

function urlPlace(url: string, timers: Timers): Place {
  const call = async (method: "GET" | "PUT", body?: string): Promise<string> => {
    const late = new AbortController();
    const timer = timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer within ${durationText(timeoutMs)}`)),
    );
    try {
      const content = body === undefined ? {} : { body, headers: { "content-type": "application/x-ndjson" } };
      const reply = await fetch(url, { method, ...content, redirect: "error", signal: late.signal });
      const text = await answerText(reply);
      const isNothing = method === "GET" && (reply.status === 404 || reply.status === 204);
      if (!reply.ok && !isNothing) throw new Error(`${method} answered ${reply.status}`);
      return isNothing ? "" : text;
    } finally {
      timer.cancel();
    }
  };
  return { read: () => call("GET"), write: async (line) => void (await call("PUT", line)) };
}

/** Runs a program without a shell: `PROGRAM read` prints its lines, `PROGRAM write` receives a line. */
function commandPlace(program: string): Place {
  const run = (operation: "read" | "write", input = ""): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(program, [operation], { timeout: timeoutMs }, (error, output) =>
        error === null ? resolve(output) : reject(error),
      );
      // A program that does not read its input closes it: its answer counts.
      child.stdin?.on("error", () => {}).end(input);
    });
  return { read: () => run("read"), write: async (line) => void (await run("write", line)) };
}

function lastIn(text: string): AnchoredCheckpoint | undefined {
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  if (line === "") return;
  const { number, root_hash } = JSON.parse(line) as { readonly number: unknown; readonly root_hash: unknown };
  if (typeof number !== "number" || typeof root_hash !== "string")
    throw new Error("its last line is no checkpoint");
  return { number, rootHash: Buffer.from(root_hash, "base64") };
}
