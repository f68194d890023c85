/**
 * Sources of runs: rows of a table, entries of a stream, messages, mails.
 *
 * 1. The id of a run is derived from the id of its message. A message that is delivered again starts the same run, which
 *    already exists.
 * 2. A message is acknowledged to its system after the platform has the run durably.
 * 3. A message that cannot start a run gets the reason. Other messages continue. If the platform is unreachable, the
 *    session ends, and another session starts after a pause.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  backoffMs,
  errorFromUnknown,
  isTuttiError,
  keepAlive,
  type Logger,
  silentLogger,
  sleep,
  systemChance,
  systemTimers,
} from "@tutti/kernel";
import type { StartOptions, Tutti } from "../client/tutti.ts";
import { sdkErrors } from "../errors.ts";
import type { Adapter, AdapterCall } from "./adapter.ts";

/** The run that a message starts. Its id consists of the name of the source and the id of the message. */
export interface SourceStart extends Omit<StartOptions, "id" | "idempotencyKey"> {
  readonly workflow: string;
}

/** Starts a run by its id: a client, or the REST interface. */
export interface RunStarter {
  run(workflow: string, options: StartOptions): Promise<unknown>;
}

export interface SourceRunOptions {
  /** The client. `runs` is required if results are written back. */
  readonly tutti: RunStarter & Partial<Pick<Tutti, "runs">>;
  /** Ends the source. */
  readonly signal?: AbortSignal;
  /** Reads secrets by reference. Default: `env:NAME` and `file:/path` of this machine. */
  readonly secret?: (reference: string) => Promise<string>;
  /** Default: none. */
  readonly logger?: Logger;
  /** Called with the error of each interruption, and with undefined when the source works again. */
  readonly onInterruption?: (error: Error | undefined) => void;
}

/** A source that starts runs of messages. As an adapter it has the operation `status`. Its check changes nothing. */
export interface Source extends Adapter {
  /** Starts runs until the signal aborts. Continues after transient failures, and rejects with other failures. */
  run(options: SourceRunOptions): Promise<void>;
}

export type Caller = Pick<AdapterCall, "signal" | "secret" | "remainingMs">;

/** Works until the connection breaks or the signal aborts. Calls `well` after each success. */
export type Session = (caller: Caller, well: () => void) => Promise<void>;

const backoff = { firstMs: 100, maxMs: 10_000 };
/** A session that lasts longer is connected, also if there is no message. */
const connectedMs = 30_000;

/** Repeats a session until the signal aborts. */
export async function runSource(
  name: string,
  {
    signal = new AbortController().signal,
    secret = localSecret,
    logger = silentLogger,
    onInterruption = () => {},
  }: Omit<SourceRunOptions, "tutti">,
  session: Session,
): Promise<void> {
  const release = keepAlive();
  let failures = 0;
  let isInterrupted = false;
  const resumed = () => {
    if (isInterrupted) onInterruption(undefined);
    isInterrupted = false;
  };
  try {
    while (!signal.aborted) {
      const timer = systemTimers.after(connectedMs, resumed);
      try {
        await session({ signal, secret }, () => {
          failures = 0;
          resumed();
        });
      } catch (thrown) {
        if (signal.aborted) return;
        const error = errorFromUnknown(thrown);
        if (error.retry === "never") throw error;
        logger.warn("the source was interrupted and retries", { source: name, error });
        isInterrupted = true;
        onInterruption(error);
        await sleep(systemTimers, backoffMs(backoff, ++failures, systemChance), signal).catch(() => {});
      } finally {
        timer.cancel();
      }
    }
  } finally {
    release();
  }
}

/** The part of a source that depends on its system. */
interface MessageSystem {
  readonly name: string;
  readonly kind: string;
  /** Description of the counts in `status`. */
  readonly description: string;
  readonly status: (call: AdapterCall) => Promise<unknown>;
  /** Checks the system. Default: reads the status. */
  readonly check?: (call: AdapterCall) => Promise<void>;
  /** Also called at the end of each run. */
  readonly close?: () => void;
  readonly sessions: (options: SourceRunOptions) => Session;
}

export function sourceOf(system: MessageSystem): Source {
  const { name, kind, description, status, close = () => {}, sessions } = system;
  return {
    name,
    kind,
    close,
    operations: { status: { description, repeat: "safe", call: (_input, call) => status(call) } },
    check: system.check ?? (async (call) => void (await status(call))),
    async run(runOptions) {
      try {
        await runSource(name, runOptions, sessions(runOptions));
      } finally {
        close();
      }
    },
  };
}

/** Starts the run of a message. Returns why it can never start. Throws an interruption. */
export async function startedBy(
  tutti: RunStarter,
  id: string,
  start: () => SourceStart,
): Promise<string | undefined> {
  try {
    const { workflow, ...options } = start();
    await tutti.run(workflow, { ...options, id });
    return undefined;
  } catch (error) {
    if (isInterruption(error)) throw error;
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  if (!isTuttiError(error)) return (error instanceof Error && error.message) || String(error);
  return [error.message, ...error.violations.map(({ field, message }) => `${field}: ${message}`)].join(" ");
}

/** Converts the id of a message to a part of a run id, which allows fewer characters. */
export function idOf(id: string): string {
  return /^[\w.-]{1,100}$/.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32);
}

/** Returns whether the error is not caused by a message: the platform is unreachable, or refuses calls of this client. */
function isInterruption(error: unknown): boolean {
  if (!isTuttiError(error)) return false;
  return (
    error.retry !== "never" || error.status === "UNAUTHENTICATED" || error.status === "PERMISSION_DENIED"
  );
}

/** Reads references to values of this machine, outside of tasks. */
export async function localSecret(reference: string): Promise<string> {
  const [, kind, place = ""] = /^(env|file|secret):(.+)$/s.exec(reference) ?? [];
  if (kind === undefined) throw sdkErrors.secretUnnamed();
  if (kind === "secret") throw sdkErrors.secretOutsideTask({ reference });
  const value = kind === "env" ? process.env[place] : await readFile(place, "utf8").catch(() => "");
  if (value) return value.trimEnd();
  throw sdkErrors.secretMissing({ reference });
}
