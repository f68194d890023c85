/** Clients that use boards, locks and run ids, and record each call with its reply. */
import { randomUUID } from "node:crypto";
import type { Chance } from "@tutti/kernel";
import {
  checkLinearizable,
  type Model,
  type Operation,
  type Verdict,
} from "@tutti/simulation/linearizability";
import { type Answer, type Front, Unanswered } from "./front.ts";
import {
  type EntryInput,
  type EntryOutput,
  entryModel,
  type IdInput,
  type IdOutput,
  idModel,
  type LockInput,
  type LockOutput,
  lockModel,
} from "./models.ts";

/** Calls per object. Then a new object is used, because the search grows with the length of the history. */
const callsPerThing = 120;

/** Recorded calls and replies, by object. */
class CallRecorder<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #histories = new Map<string, Operation<Input, Output>[]>();

  constructor(model: Model<State, Input, Output>) {
    this.#model = model;
  }

  /** Makes a call, and records its outcome. */
  async record(thing: string, input: Input, call: () => Promise<Output>): Promise<Output | undefined> {
    const history = this.#histories.get(thing) ?? [];
    this.#histories.set(thing, history);
    const calledAt = performance.now();
    try {
      const output = await call();
      history.push({ input, output, calledAt, answeredAt: performance.now() });
      return output;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      history.push({ input, output: undefined, calledAt, answeredAt: Number.POSITIVE_INFINITY });
      return undefined;
    }
  }

  verdicts(): readonly Judged[] {
    return [...this.#histories].map(([thing, history]) => ({
      thing,
      calls: history.length,
      unanswered: history.filter(({ output }) => output === undefined).length,
      verdict: checkLinearizable(this.#model, history),
      history,
    }));
  }
}

export interface Judged {
  readonly thing: string;
  readonly calls: number;
  readonly unanswered: number;
  readonly verdict: Verdict<unknown, unknown>;
  readonly history: readonly Operation<unknown, unknown>[];
}

export class Recorder {
  readonly #front: Front;
  readonly #chance: Chance;
  readonly #entries = new CallRecorder<unknown, EntryInput, EntryOutput>(
    entryModel as Model<unknown, EntryInput, EntryOutput>,
  );
  readonly #locks = new CallRecorder<unknown, LockInput, LockOutput>(
    lockModel as Model<unknown, LockInput, LockOutput>,
  );
  readonly #ids = new CallRecorder<unknown, IdInput, IdOutput>(idModel as Model<unknown, IdInput, IdOutput>);
  readonly #missions: readonly string[];
  readonly #run: string;
  #calls = 0;

  /** @param run prefix of all names, so that they are new */
  constructor(front: Front, chance: Chance, run: string) {
    this.#front = front;
    this.#chance = chance;
    this.#run = run;
    this.#missions = Array.from({ length: 4 }, (_, number) => `${run}-board-${number}`);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    for (const missionId of this.#missions)
      await this.#front.retryUntilDone(
        "POST",
        "/v1/missions",
        { missionId, spec: { goal: "to be written on" } },
        signal,
      );
  }

  /** Runs a client with sequential calls, until the signal aborts. */
  async client(name: string, pauseMs: number, signal: AbortSignal): Promise<void> {
    let versions = new Map<string, number>();
    const holders = new Map<string, string>();
    while (!signal.aborted) {
      const round = Math.floor(this.#calls++ / (callsPerThing * 6));
      const random = Math.floor(this.#chance.random() * 10);
      if (random < 5) versions = await this.#useEntry(`${random % 4}/key-${round}`, random, versions);
      else if (random < 8) await this.#useLock(`${this.#run}-lock-${random}-${round}`, name, holders);
      else await this.#useId(`${this.#run}-id-${random}-${Math.floor(this.#calls / 60)}`, name);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + this.#chance.random())));
    }
  }

  /** Judges whether each object behaved as a single one all the time. */
  judge(): readonly Judged[] {
    return [this.#entries, this.#locks, this.#ids].flatMap((recorder) => recorder.verdicts());
  }

  async #useEntry(
    thing: string,
    random: number,
    versions: Map<string, number>,
  ): Promise<Map<string, number>> {
    const [board = "", key = ""] = thing.split("/");
    const path = `/v1/missions/${this.#missions[Number(board)]}/board`;
    const known = versions.get(thing);
    if (random % 2 === 0 && this.#chance.random() < 0.5) {
      const output = await this.#entries.record(thing, { kind: "read" }, async () => {
        const { body } = await this.#front.tryRequest("POST", `${path}/read`, { keys: [key] });
        return { kind: "is", ...entryOf(body.entries?.[0]) };
      });
      return output?.kind === "is" ? new Map([...versions, [thing, output.version]]) : versions;
    }
    const value = randomUUID();
    const input: EntryInput = {
      ...{ kind: "write", value },
      // An unconditional write has a key: gateways repeat calls without an answer.
      ...(known !== undefined && { ifVersion: known }),
    };
    const output = await this.#entries.record(thing, input, async () => {
      const writes = [{ key, value, ...(known !== undefined && { ifVersion: known }) }];
      const { body } = await this.#front.tryRequest("POST", path, { writes }, { "idempotency-key": value });
      const [{ written = false, entry } = {} as { written?: boolean; entry?: unknown }] = body.receipts;
      const now = entryOf(entry);
      return written ? { kind: "written", version: now.version } : { kind: "lost", ...now };
    });
    if (output === undefined || output.kind === "is") return versions;
    return new Map([...versions, [thing, output.version]]);
  }

  /** Uses a lock. Each acquisition has its own name, as the contract requires. Half of them are repeated once. */
  async #useLock(name: string, client: string, holders: Map<string, string>): Promise<void> {
    const holder = holders.get(name) ?? `${client}-${this.#calls}`;
    if (holders.has(name) && this.#chance.random() < 0.5) {
      holders.delete(name);
      await this.#locks.record(name, { kind: "release", holder }, async () => {
        const { body } = await this.#front.tryRequest("POST", `/v1/locks/${name}/release`, { holder });
        return { kind: "released", was: body.released === true };
      });
      return;
    }
    const output = await this.#locks.record(name, { kind: "acquire", holder }, async () => {
      const request = { holder, leaseMs: 3_600_000 };
      const { status, body } = await this.#front.tryRequest("POST", `/v1/locks/${name}/acquire`, request);
      return status === 200 ? { kind: "granted", token: body.token } : { kind: "refused" };
    });
    // Without a reply, the client may hold it.
    if (output?.kind === "refused") holders.delete(name);
    else holders.set(name, holder);
  }

  async #useId(runId: string, by: string): Promise<void> {
    if (this.#chance.random() < 0.5) {
      await this.#ids.record(runId, { kind: "look" }, async () => ({
        kind: "is",
        by: await this.#ownerOf(runId),
      }));
      return;
    }
    await this.#ids.record(runId, { kind: "start", by }, async () => {
      const started = { runId, definition: { name: "chaos-one" }, labels: { by }, input: { seen: [] } };
      const answer: Answer = await this.#front.tryRequest("POST", "/v1/runs", started);
      return { kind: answer.status < 300 ? "his" : "taken" };
    });
  }

  async #ownerOf(runId: string): Promise<string> {
    const { status, body } = await this.#front.tryRequest("GET", `/v1/runs/${runId}`);
    if (status === 404) return "";
    return (body.run ?? body).spec?.labels?.by ?? (body.run ?? body).labels?.by ?? "?";
  }
}

function entryOf(entry: unknown): { readonly value: string; readonly version: number } {
  const { value = "", version = 0 } = (entry ?? {}) as { value?: string; version?: number };
  return { value, version };
}
