/** What becomes of attempts, told to their runs. */
import type { PartialOutput, Progress, Result } from "@tutti/contracts/agent/v1";
import { ActorKind, type Cause, type ErrorDetail } from "@tutti/contracts/types/v1";
import type { TaskAnswered } from "@tutti/contracts/workflow/v1";
import { type Command, errorOf, type Logger, type Refusal, type Timers, toErrorDetail } from "@tutti/kernel";
import { completeTask, failTask, noteAttempt, noteProgress } from "@tutti/machine-run";
import { type EffectToken, type Outcome, type Runtime, readToken, type Submission } from "@tutti/runtime";
import { offerErrors } from "../errors.ts";
import type { RunEnds } from "../runs/run-ends.ts";
import type { OfferEntry } from "./entry.ts";
import type { OutputShelf } from "./output-shelf.ts";

export interface Settlement {
  /** An attempt has ended. Told when that is durable, or known to be unwanted. */
  result(ended: EndedAttempt, isDurable: () => void): void;
  /** An attempt did not end at once. */
  begun(entry: OfferEntry, agent: string, startMs: number): void;
  progress(progress: Progress): void;
  partialOutput(entry: OfferEntry, output: PartialOutput): void;
  /** The pool takes it in no case. Told when that is durable. */
  refused(entry: OfferEntry, error: ErrorDetail, isDurable: () => void): void;
}

export interface EndedAttempt {
  readonly result: Result;
  /** Empty where none did it. */
  readonly agent: string;
  /** What was offered; undefined where that is not known here any more. */
  readonly entry: OfferEntry | undefined;
}

export interface RuntimeSettlementParts {
  readonly runtime: Pick<Runtime, "submit">;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Most runs end with the result of an attempt. */
  readonly ends: RunEnds;
  /** Pieces of output go to whoever reads them. */
  readonly outputs: Pick<OutputShelf, "add">;
}

/** How long to wait before something is said again whose outcome is unknown. */
const againMs = 500;
const causesMax = 10_000;

/** What is told to a run of one of its attempts. One object from here to the answer: there is one per task. */
class Telling implements Submission {
  readonly key = undefined;
  readonly idempotencyKey = "";
  readonly token: EffectToken;
  // biome-ignore lint/suspicious/noExplicitAny: commands of several bodies, each with its own
  readonly command: Command<any>;
  readonly body: unknown;
  readonly cause: Cause;
  /** Of the run, where it is known. */
  readonly namespace: string | undefined;
  readonly isDurable: () => void;
  readonly #answered: (telling: Telling, outcome: Outcome) => void;

  constructor(
    { token, command, body, cause }: Pick<Submission, "command" | "body" | "cause"> & { token: EffectToken },
    namespace: string | undefined,
    isDurable: () => void,
    answered: (telling: Telling, outcome: Outcome) => void,
  ) {
    this.token = token;
    this.command = command;
    this.body = body;
    this.cause = cause;
    this.namespace = namespace;
    this.isDurable = isDurable;
    this.#answered = answered;
  }

  answer(outcome: Outcome): void {
    this.#answered(this, outcome);
  }
}

interface Message extends Pick<Submission, "command" | "body" | "cause"> {
  readonly token: EffectToken;
}

export class RuntimeSettlement implements Settlement {
  readonly #parts: RuntimeSettlementParts;
  readonly #causes = new Map<string, Cause>();

  constructor(parts: RuntimeSettlementParts) {
    this.#parts = parts;
  }

  result({ result, agent, entry }: EndedAttempt, isDurable: () => void): void {
    const { outcome, runMs, used } = result;
    const token = entry?.token ?? readToken(result.token);
    const namespace = entry?.key.namespace;
    const cause = this.#causeOf(agent);
    switch (outcome?.$case) {
      case "inlineOutput": {
        const body = { output: outcome.value, outputPayload: undefined, agent, runMs, used };
        this.#insist({ token, command: completeTask, body, cause }, namespace, isDurable);
        return;
      }
      case "outputPayload": {
        const body = { output: noBytes, outputPayload: outcome.value, agent, runMs, used };
        this.#insist({ token, command: completeTask, body, cause }, namespace, isDurable);
        return;
      }
      default: {
        const error =
          outcome?.$case === "failed" ? outcome.value : toErrorDetail(offerErrors.attemptStopped({ agent }));
        const body = { error, agent, runMs, used };
        this.#insist({ token, command: failTask, body, cause }, namespace, isDurable);
      }
    }
  }

  begun({ token }: OfferEntry, agent: string, startMs: number): void {
    this.#mention({ token, command: noteAttempt, body: { agent, startMs }, cause: this.#causeOf(agent) });
  }

  progress({ token, saved, fraction, message }: Progress): void {
    // What need not outlive the attempt is not worth a record.
    if (saved.length === 0 && fraction === 0 && message === "") return;
    const body = { saved, fraction, message };
    this.#mention({ token: readToken(token), command: noteProgress, body, cause: this.#causeOf("") });
  }

  partialOutput({ key, effect, token }: OfferEntry, output: PartialOutput): void {
    this.#parts.outputs.add(key, effect.taskId, token.attempt, output);
  }

  refused({ token }: OfferEntry, error: ErrorDetail, isDurable: () => void): void {
    const body = { error, agent: "", runMs: 0, used: undefined };
    this.#insist({ token, command: failTask, body, cause: this.#causeOf("") }, undefined, isDurable);
  }

  /** Says it until it is known what came of it, as long as the partition is here. */
  #insist(message: Message, namespace: string | undefined, isDurable: () => void): void {
    this.#parts.runtime.submit(new Telling(message, namespace, isDurable, this.#onAnswer));
  }

  readonly #onAnswer = (telling: Telling, outcome: Outcome): void => {
    if (outcome.kind !== "refused") {
      telling.isDurable();
      if (outcome.kind === "done") this.#tellEnd(telling, outcome.reply as TaskAnswered);
      return;
    }
    const { refusal } = outcome;
    const { runtime, timers } = this.#parts;
    switch (refusal.retry) {
      case "same-key":
        timers.after(refusal.retryAfterMs || againMs, () => runtime.submit(telling));
        return;
      case "elsewhere":
        // Whoever has the run now offers the attempt again, and hears of the result.
        return;
      default:
        this.#unheard(telling, refusal);
    }
  };

  #tellEnd({ namespace }: Telling, { ending }: TaskAnswered): void {
    if (ending !== undefined && namespace !== undefined) this.#parts.ends.tell(namespace, ending);
  }

  /** A result that the run does not take: it hears that, or would wait for ever. */
  #unheard({ token, command, cause, namespace, isDurable }: Telling, refusal: Refusal): void {
    const { code, message: reason } = refusal;
    this.#parts.logger.error("a run refused the result of an attempt", {
      code,
      reason,
      command: command.type,
    });
    if (command === failTask) {
      isDurable();
      return;
    }
    const body = { error: toErrorDetail(errorOf(refusal)), agent: "", runMs: 0, used: undefined };
    this.#insist({ token, command: failTask, body, cause }, namespace, isDurable);
  }

  /** Says it once: when it is lost, nothing is. */
  #mention({ token, command, body, cause }: Message): void {
    const answer = () => {};
    this.#parts.runtime.submit({ key: undefined, command, body, cause, idempotencyKey: "", token, answer });
  }

  /** The same object for the same agent: it is encoded once. */
  #causeOf(agent: string): Cause {
    const known = this.#causes.get(agent);
    if (known !== undefined) return known;
    const actor =
      agent === ""
        ? { kind: ActorKind.ACTOR_KIND_SERVICE, id: "workflow" }
        : { kind: ActorKind.ACTOR_KIND_AGENT, id: agent };
    const cause = { actor, traceparent: "", decision: "", reason: "" };
    if (this.#causes.size >= causesMax) this.#causes.clear();
    this.#causes.set(agent, cause);
    return cause;
  }
}

const noBytes = new Uint8Array(0);
