/**
 * Questions of MCP servers to people. Each question is a run with one approval, so it is durable, listed, decided and
 * audited as any approval.
 *
 * 1. The id of the run is saved with the attempt before the run starts. If the task loses its worker, the next attempt
 *    finds the same question and its answer. A task that runs again asks again.
 * 2. A question is cancelled when its call has ended, or when its server no longer waits for the answer.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Json } from "@tutti/expressions";
import { isTuttiError } from "@tutti/kernel";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import type { Tutti } from "../client/tutti.ts";
import type { TaskContext } from "../task/context.ts";

export interface McpQuestions {
  /** Starts the runs of the questions. */
  readonly tutti: Pick<Tutti, "run">;
  /** People, groups or roles that may answer. Default: every caller that the policy permits. */
  readonly by?: readonly string[];
  /** How long a question stays open. Default: 7 days. */
  readonly within?: string;
}

/** A call of a tool that has not ended. */
export class OpenCall {
  readonly task: TaskContext;
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #ids: Map<string, unknown>;
  #count = 0;

  constructor(task: TaskContext) {
    this.task = task;
    this.signal = AbortSignal.any([task.signal, this.#ended.signal]);
    const saved = isMembers(task.saved) ? membersIn(task.saved, "questions") : {};
    this.#ids = new Map(Object.entries(saved));
  }

  /** Whether the server has asked within this call. */
  get hasAsked(): boolean {
    return this.#count > 0;
  }

  /** Reports that the server has answered the call. */
  end(): void {
    this.#ended.abort(new Error("the call has ended"));
  }

  /** Returns a name for the next question of the call. Equal questions of one call have different names. */
  nameOf(question: unknown): string {
    if (this.#count >= questionsMax) throw new Error(`more than ${questionsMax} questions in one call`);
    const text = JSON.stringify([this.#count++, question]);
    return createHash("sha256").update(text).digest("base64url").slice(0, 16);
  }

  /** Returns the run id of a question. The previous attempt may have saved it. */
  idOf(name: string): string {
    const known = this.#ids.get(name);
    if (typeof known === "string") return known;
    const id = `mcp-${randomUUID()}`;
    this.#ids.set(name, id);
    const saved = { questions: Object.fromEntries(this.#ids) };
    this.task.progress({ message: "waits for an answer of a person", saved });
    return id;
  }
}

const questionsMax = 100;
const withinDefault = "7d";
const roundsMax = 100;

/** Asks people. Returns their answer as the result of `elicitation/create`. */
export async function askPeople(
  { tutti, by, within = withinDefault }: McpQuestions,
  server: string,
  params: Members,
  calls: readonly OpenCall[],
  withdrawn: AbortSignal,
): Promise<Members> {
  const schema = membersIn(params, "requestedSchema");
  const message = textIn(params, "message");
  const [first] = calls;
  if (first === undefined) return { action: "cancel" };
  const question = {
    workflow: `mcp.${server}.question`,
    description: `Questions of the MCP server ${server} to people.`,
    tasks: {
      answer: {
        approve: {
          title: `Questions of the MCP server ${server}`,
          message: "${{ input.message }}",
          context: "${{ input.tasks }}",
          within,
          ...(Object.keys(membersIn(schema, "properties")).length > 0 && { form: formOf(schema) }),
          ...(by !== undefined && { by }),
        },
      },
    },
    output: "${{ tasks.answer.output }}",
  };
  const input = { message, tasks: calls.map(({ task }) => task.caller) };
  const name = first.nameOf([message, schema]);
  const ended = AbortSignal.any([withdrawn, whenAllEnded(calls)]);
  for (let round = 0; round < roundsMax; round++) {
    const run = await tutti.run(question, { id: first.idOf(`${name}.${round}`), input });
    const cancel = () => void run.cancel("the call has ended").catch(() => {});
    ended.addEventListener("abort", cancel, { once: true });
    if (ended.aborted) cancel();
    try {
      const { data } = await run.result<{ readonly data?: Json | null }>({ signal: ended });
      return { action: "accept", content: isMembers(data) ? data : {} };
    } catch (error) {
      if (!isTuttiError(error) || ended.aborted) throw error;
      if (error.code === "workflow.approval_rejected") return { action: "decline" };
      // The previous attempt cancelled its question when it lost its worker.
      const isOfBefore = run.existed && error.code !== "workflow.approval_expired";
      if (!isOfBefore) return { action: "cancel" };
    } finally {
      ended.removeEventListener("abort", cancel);
    }
  }
  return { action: "cancel" };
}

/** Aborts when the last call has ended. A program does not say to which of its calls a question belongs. */
function whenAllEnded(calls: readonly OpenCall[]): AbortSignal {
  const ended = new AbortController();
  const check = () => {
    if (calls.every(({ signal }) => signal.aborted)) ended.abort(new Error("the call has ended"));
  };
  for (const { signal } of calls) signal.addEventListener("abort", check, { once: true });
  check();
  return ended.signal;
}

/** Removes `$schema`, because forms have no dialect of their own. */
function formOf({ $schema: _, ...schema }: Members): Members {
  return schema;
}
