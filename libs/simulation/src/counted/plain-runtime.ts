/**
 * The runtime in the form for services: they name commands and questions of their machines, and get plain
 * answers. Answers of machines with counts are compared with durable events before they are passed on.
 */
import { type Command, errorOf, type InstanceKey, type Query } from "@tutti/kernel";
import type { Outcome, Runtime } from "@tutti/runtime";
import type { Chronicle } from "../checks/chronicle.ts";
import type { ProcessOfDoer } from "../load/load.ts";
import type { CountedAnswer } from "./counted.ts";

export interface PlainRuntimeParts extends Pick<ProcessOfDoer, "commandOf" | "queryOf"> {
  readonly chronicle: Chronicle;
  readonly runtime: Runtime;
  /** Kind of the machines whose effects have results here. */
  readonly kind: string;
}

type Submission = Parameters<Runtime["submit"]>[0];

export interface PlainOrder<Body, Reply> {
  readonly key: InstanceKey;
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  readonly command: Command<any, Body, Reply, any>;
  readonly body: Body;
  readonly idempotencyKey?: string;
}

export class PlainRuntime {
  readonly #parts: PlainRuntimeParts;

  constructor(parts: PlainRuntimeParts) {
    this.#parts = parts;
  }

  submit(submission: Submission): void {
    const { commandOf, runtime, kind } = this.#parts;
    const { key, command, reply: answer } = submission;
    runtime.submit({
      ...submission,
      command: commandOf(key?.kind ?? kind, command.type),
      reply: (outcome) => answer(this.#plain(key, command.type, outcome)),
    });
  }

  execute<Body, Reply>({ key, command, body, idempotencyKey = "" }: PlainOrder<Body, Reply>): Promise<Reply> {
    const cause = { actor: undefined, traceparent: "", decision: "service", reason: "" };
    return new Promise((resolve, reject) => {
      this.submit({
        key,
        command,
        body,
        cause,
        idempotencyKey,
        token: undefined,
        reply(outcome) {
          if (outcome.kind === "refused") reject(errorOf(outcome.refusal));
          else resolve((outcome.kind === "done" ? outcome.reply : undefined) as Reply);
        },
      });
    });
  }

  async query<Body, Reply>({
    key,
    query,
    body,
  }: {
    readonly key: InstanceKey;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly query: Query<any, Body, Reply>;
    readonly body: Body;
  }): Promise<Reply> {
    const { queryOf, runtime } = this.#parts;
    const hostedQuery = queryOf(key.kind, query.type);
    const answer = (await runtime.query({ key, query: hostedQuery, body })) as CountedAnswer;
    this.#restsOn(key, query.type, answer);
    return answer.answer as Reply;
  }

  async eventsOf(key: InstanceKey): Promise<number> {
    return (await this.#parts.runtime.instanceOf(key)).events;
  }

  #plain(key: InstanceKey | undefined, label: string, outcome: Outcome): Outcome {
    if (outcome.kind !== "done") return outcome;
    const answer = outcome.reply as CountedAnswer;
    if (key !== undefined) this.#restsOn(key, label, answer);
    return { kind: "done", reply: answer.answer };
  }

  #restsOn(key: InstanceKey, label: string, { events, digest }: CountedAnswer): void {
    this.#parts.chronicle.restsOn(() => `the answer to ${label} of ${key.id}`, key, { events, digest });
  }
}
