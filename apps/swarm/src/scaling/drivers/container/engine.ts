/**
 * The API of Docker and Podman at a socket: only the part that runs agents.
 *
 * Each method returns the engine's answer: an engine that gives no answer is `scaling.engine_silent`, a
 * refusal `scaling.engine_refused`. A missing object is undefined.
 */

import { durationText, type Timers } from "@tutti/kernel";
import { scalingErrors } from "../../errors.ts";
import type { StopSignal } from "../berths/programs.ts";
import { type Answer, type Exchange, exchange, jsonIn, messageIn, reasonOf } from "../exchange.ts";

export interface ContainerSpec {
  readonly image: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Cores. 0 for no limit. */
  readonly cpu: number;
  /** 0 for no limit. */
  readonly memoryBytes: number;
  /** Name in the engine. Empty for its default. */
  readonly network: string;
}

export interface ListedContainer {
  readonly id: string;
  readonly isRunning: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface EndedContainer {
  readonly code: number;
  readonly isOutOfMemory: boolean;
}

const callMs = 60_000;
/** Layers may come from a slow registry. */
const pullMs = 15 * 60_000;

export class ContainerEngine {
  readonly socket: string;
  readonly #timers: Timers;
  #version: string | undefined;

  constructor(socket: string, timers: Timers) {
    this.socket = socket;
    this.#timers = timers;
  }

  /** Returns the containers with these labels, running or not. */
  async list(labels: Readonly<Record<string, string>>): Promise<ListedContainer[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const filters = encodeURIComponent(JSON.stringify({ label }));
    const answer = await this.#sound("GET", `/containers/json?all=1&filters=${filters}`);
    const listed = jsonIn(answer) as { Id: string; State: string; Labels: Record<string, string> | null }[];
    return listed.map(({ Id, State, Labels }) => ({
      id: Id,
      isRunning: State === "running" || State === "paused" || State === "restarting" || State === "stopping",
      labels: Labels ?? {},
    }));
  }

  /** Returns the id of a new container. Undefined when the engine does not have its image. */
  async create(name: string, spec: ContainerSpec): Promise<string | undefined> {
    const path = `/containers/create?name=${encodeURIComponent(name)}`;
    const answer = await this.#call("POST", path, createBody(spec));
    if (answer.status === 404) return undefined;
    return (jsonIn(this.#requireOk(answer)) as { Id: string }).Id;
  }

  async start(id: string): Promise<void> {
    await this.#sound("POST", `/containers/${id}/start`);
  }

  /** Waits until the container has ended, without a timeout. */
  async waitForExit(id: string): Promise<void> {
    const answer = await this.#call("POST", `/containers/${id}/wait`, undefined, 0);
    if (answer.status !== 404) this.#requireOk(answer);
  }

  /** Returns how it ended: "running" if it has not, undefined if it does not exist. */
  async inspect(id: string): Promise<EndedContainer | "running" | undefined> {
    const answer = await this.#call("GET", `/containers/${id}/json`);
    if (answer.status === 404) return undefined;
    const { State } = jsonIn(this.#requireOk(answer)) as {
      State: { Running: boolean; ExitCode: number; OOMKilled: boolean };
    };
    return State.Running ? "running" : { code: State.ExitCode, isOutOfMemory: State.OOMKilled };
  }

  /** Returns the last lines that it printed. */
  async lastLines(id: string, count: number): Promise<readonly string[]> {
    const answer = await this.#sound("GET", `/containers/${id}/logs?stdout=1&stderr=1&tail=${count}`);
    return linesIn(answer.bytes).slice(-count);
  }

  /** Sends a signal. A container that has ended or does not exist is no error. */
  async signal(id: string, signal: StopSignal): Promise<void> {
    const answer = await this.#call("POST", `/containers/${id}/kill?signal=${signal}`);
    if (answer.status >= 400 && (await this.inspect(id)) === "running") this.#requireOk(answer);
  }

  async remove(id: string): Promise<void> {
    const answer = await this.#call("DELETE", `/containers/${id}?force=1`);
    if (answer.status !== 404) this.#requireOk(answer);
  }

  /** Pulls an image. Returns why that failed, or undefined. */
  async pull(image: string): Promise<string | undefined> {
    const path = `/images/create?fromImage=${encodeURIComponent(withTag(image))}`;
    const answer = await this.#call("POST", path, undefined, pullMs);
    if (answer.status >= 400) return messageIn(answer);
    // The engine reports an error of the stream in one of its lines, with a status of success.
    for (const line of answer.bytes.toString("utf8").split("\n")) {
      const { error } = (jsonIn({ bytes: Buffer.from(line) }) ?? {}) as { readonly error?: string };
      if (error !== undefined) return error;
    }
    return undefined;
  }

  async #sound(method: Exchange["method"], path: string): Promise<Answer> {
    return this.#requireOk(await this.#call(method, path));
  }

  #requireOk(answer: Answer): Answer {
    if (answer.status >= 400)
      throw scalingErrors.engineRefused({ socket: this.socket, reason: messageIn(answer) });
    return answer;
  }

  /** @param ms maximum duration, 0 for no limit */
  async #call(method: Exchange["method"], path: string, value?: unknown, ms = callMs): Promise<Answer> {
    this.#version ??= await this.#versionOf();
    const body = value === undefined ? {} : { body: { type: "application/json", value } };
    return this.#exchange(method, `${this.#version}${path}`, ms, body);
  }

  /** Returns the newest API version of the engine: the used part is the same in all versions. */
  async #versionOf(): Promise<string> {
    const { headers } = this.#requireOk(await this.#exchange("GET", "/_ping", callMs, {}));
    const version = headers["api-version"];
    return typeof version === "string" && /^\d+\.\d+$/.test(version) ? `/v${version}` : "";
  }

  async #exchange(
    method: Exchange["method"],
    path: string,
    ms: number,
    body: Pick<Exchange, "body">,
  ): Promise<Answer> {
    const { socket } = this;
    const late = new AbortController();
    const timer =
      ms > 0
        ? this.#timers.after(ms, () => late.abort(new Error(`no answer in ${durationText(ms)}`)))
        : undefined;
    try {
      return await exchange({ method, to: { socketPath: socket }, path, ...body, signal: late.signal });
    } catch (thrown) {
      // Another engine may answer the next time.
      this.#version = undefined;
      throw scalingErrors.engineSilent({ socket, reason: reasonOf(late.signal, thrown) });
    } finally {
      timer?.cancel();
    }
  }
}

/** Without extra rights: further needs of an agent belong in its image. */
function createBody({
  image,
  arguments: args,
  environment,
  labels,
  cpu,
  memoryBytes,
  network,
}: ContainerSpec) {
  return {
    Image: image,
    ...(args.length === 0 ? {} : { Cmd: args }),
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Labels: labels,
    HostConfig: {
      ...(network === "" ? {} : { NetworkMode: network }),
      ...(cpu === 0 ? {} : { NanoCpus: Math.round(cpu * 1e9) }),
      ...(memoryBytes === 0 ? {} : { Memory: memoryBytes }),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      RestartPolicy: { Name: "no" },
    },
  };
}

/** Adds a tag: without one, Docker would pull all tags. */
function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

/**
 * Decodes the output of a container: pieces of both of its streams. A header of eight bytes names the stream
 * and the length.
 */

const headBytes = 8;
const lineMax = 4_096;

function linesIn(bytes: Buffer): readonly string[] {
  const streams = new Map<number, string>();
  const lines: string[] = [];
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const stream = bytes[at] ?? 0;
    const end = at + headBytes + bytes.readUInt32BE(at + 4);
    const text = (streams.get(stream) ?? "") + bytes.toString("utf8", at + headBytes, end);
    const complete = text.split("\n");
    streams.set(stream, complete.pop() ?? "");
    lines.push(...complete);
    at = end;
  }
  lines.push(...streams.values());
  return lines.map((line) => line.trimEnd().slice(0, lineMax)).filter((line) => line !== "");
}
