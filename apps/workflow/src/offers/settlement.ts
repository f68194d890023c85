/** What becomes of attempts, told to their runs. */
import type { PartialOutput, Progress, Result } from "@tutti/contracts/agent/v1";
import { ActorKind, type Cause, type ErrorDetail } from "@tutti/contracts/types/v1";
import type { TaskAnswered } from "@tutti/contracts/workflow/v1";
import {
  type Command,
  errorOf,
  type InstanceKey,
  type Logger,
  type Refusal,
  type Timers,
  toErrorDetail,
} from "@tutti/kernel";
import { completeTask, failTask, noteAttempt, noteProgress } from "@tutti/machine-run";
import { type EffectToken, type Outcome, type Runtime, readToken } from "@tutti/runtime";
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
  /** Of which run; undefined where that is not known here any more. */
  readonly key: InstanceKey | undefined;
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

interface Message {
  readonly token: EffectToken;
  // biome-ignore lint/suspicious/noExplicitAny: commands of several bodies, each with its own
  readonly command: Command<any>;
  readonly body: unknown;
  readonly cause: Cause;
  /** Of the run, where it is known. */
  readonly namespace?: string | undefined;
}

export class RuntimeSettlement implements Settlement {
  readonly #parts: RuntimeSettlementParts;
  readonly #causes = new Map<string, Cause>();

  constructor(parts: RuntimeSettlementParts) {
    this.#parts = parts;
  }

  result({ result, agent, key }: EndedAttempt, isDurable: () => void): void {
    const { token, outcome, runMs, used } = result;
    const about = { token: readToken(token), cause: this.#causeOf(agent), namespace: key?.namespace };
    switch (outcome?.$case) {
      case "inlineOutput": {
        const body = { output: outcome.value, outputPayload: undefined, agent, runMs, used };
        this.#insist({ ...about, command: completeTask, body }, isDurable);
        return;
      }
      case "outputPayload": {
        const body = { output: noBytes, outputPayload: outcome.value, agent, runMs, used };
        this.#insist({ ...about, command: completeTask, body }, isDurable);
        return;
      }
      default: {
        const error =
          outcome?.$case === "failed" ? outcome.value : toErrorDetail(offerErrors.attemptStopped({ agent }));
        this.#insist({ ...about, command: failTask, body: { error, agent, runMs, used } }, isDurable);
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
    this.#insist({ token, command: failTask, body, cause: this.#causeOf("") }, isDurable);
  }

  /** Says it until it is known what came of it, as long as the partition is here. */
  #insist(message: Message, isDurable: () => void): void {
    this.#submit(message, (outcome) => {
      if (outcome.kind !== "refused") {
        isDurable();
        if (outcome.kind === "done") this.#tellEnd(message, outcome.reply as TaskAnswered);
        return;
      }
      const { refusal } = outcome;
      switch (refusal.retry) {
        case "same-key":
          this.#parts.timers.after(refusal.retryAfterMs || againMs, () => this.#insist(message, isDurable));
          return;
        case "elsewhere":
          // Whoever has the run now offers the attempt again, and hears of the result.
          return;
        default:
          this.#unheard(message, refusal, isDurable);
      }
    });
  }

  #tellEnd({ namespace }: Message, { ending }: TaskAnswered): void {
    if (ending !== undefined && namespace !== undefined) this.#parts.ends.tell(namespace, ending);
  }

  /** A result that the run does not take: it hears that, or would wait for ever. */
  #unheard(message: Message, refusal: Refusal, isDurable: () => void): void {
    const { token, command, cause } = message;
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
    this.#insist({ token, command: failTask, body, cause }, isDurable);
  }

  /** Says it once: when it is lost, nothing is. */
  #mention(message: Message): void {
    this.#submit(message, () => {});
  }

  #submit({ token, command, body, cause }: Message, answer: (outcome: Outcome) => void): void {
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
