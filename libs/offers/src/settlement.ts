/** Reports the ends of attempts to the machines that requested them. */
import type { PartialOutput, Progress, Result } from "@tutti/contracts/agent/v1";
import {
  ActorKind,
  type Amounts,
  type Cause,
  type ErrorDetail,
  type ModelCalls,
  type Payload,
} from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import {
  type Command,
  errorFromUnknown,
  errorOf,
  type Logger,
  type Refusal,
  type Timers,
  toErrorDetail,
} from "@tutti/kernel";
import { matchingErrors } from "@tutti/matching";
import {
  type EffectToken,
  isStillAwaited,
  type Outcome,
  type Runtime,
  type Submission,
  type TokenCipher,
} from "@tutti/runtime";
import type { OfferEntry } from "./entry.ts";
import { offerErrors } from "./errors.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import { WireTokens } from "./wire-tokens.ts";

export interface Settlement {
  /** Reports the end of an attempt. Calls back when the end is durable, or known to be unwanted. */
  result(ended: EndedAttempt, isDurable: () => void): void;
  /** Reports that an attempt has started and not ended at once. */
  started(entry: OfferEntry, agent: string, startMs: number): void;
  progress(progress: Progress): void;
  partialOutput(entry: OfferEntry, output: PartialOutput): void;
  /**
   * Handles an unknown attempt at an agent. Calls back if it belongs to a machine here that does not want it.
   */
  unclaimed(token: Uint8Array, isUnwanted: () => void): void;
  /** Reports an attempt that the pool never accepts. Calls back when that is durable. */
  refused(entry: OfferEntry, error: ErrorDetail, isDurable: () => void): void;
}

export interface EndedAttempt {
  readonly result: Result;
  /** Empty if no agent did it. */
  readonly agent: string;
  /** The offer. Undefined if it is no longer known here. */
  readonly entry: OfferEntry | undefined;
  /** Questions of rules to people before the result counts. */
  readonly questions?: readonly ResultQuestion[];
}

/** A command that reports an attempt to its machine. */
export interface AttemptCommand {
  // biome-ignore lint/suspicious/noExplicitAny: commands of several machines, each with its own body
  readonly command: Command<any>;
  readonly body: unknown;
}

interface AttemptFigures {
  /** Empty if no agent did it. */
  readonly agent: string;
  readonly runMs: number;
  readonly used: Amounts | undefined;
}

interface LostAttempt {
  /** The disconnected worker. Empty if unknown. */
  readonly agent: string;
  /** The reason. */
  readonly message: string;
}

/** The output of an attempt. */
interface AttemptOutput {
  readonly output: Uint8Array;
  readonly outputPayload: Payload | undefined;
  readonly questions: readonly ResultQuestion[];
}

/** The commands that report outcomes to the machine of the attempts, each with the token of its attempt. */
export interface AttemptCommands {
  completed(output: AttemptOutput, figures: AttemptFigures): AttemptCommand;
  failed(error: ErrorDetail, figures: AttemptFigures): AttemptCommand;
  /** Returns the command for an attempt whose worker is lost. */
  lost(loss: LostAttempt): AttemptCommand;
  started(agent: string, startMs: number): AttemptCommand;
  progress(saved: Uint8Array, fraction: number, message: string): AttemptCommand;
  calledModels(agent: string, calls: ModelCalls): AttemptCommand;
  /** Called with the durable answer of the machine. */
  answered(namespace: string | undefined, reply: unknown): void;
}

export interface RuntimeSettlementParts {
  readonly runtime: Pick<Runtime, "submit">;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly commands: AttemptCommands;
  readonly tokens: TokenCipher;
  /** Returns whether a blob of an output exists. */
  readonly hasBlob: (namespace: string, sha256: Uint8Array) => Promise<boolean>;
  /** Reads a reference for a machine that needs its content. */
  readonly readBlob: (namespace: string, sha256: Uint8Array) => Promise<Uint8Array | undefined>;
  /** Name of the service of the attempts. It is the cause if no agent was involved. */
  readonly service: string;
  /** Receives the pieces of outputs for their readers. */
  readonly outputs: Pick<OutputBuffer, "add">;
}

/** Pause before a message with an unknown outcome is sent again. */
const retryDelayMs = 500;
const causesMax = 10_000;

/** The message to a machine about one of its attempts. One object until the answer: there is one per task. */
class AttemptSubmission implements Submission {
  readonly key = undefined;
  readonly idempotencyKey = "";
  readonly token: EffectToken;
  readonly command: AttemptCommand["command"];
  readonly body: unknown;
  readonly cause: Cause;
  /** Namespace of the work, if known. */
  readonly namespace: string | undefined;
  readonly isDurable: () => void;
  /** True if the message reports a failure of the attempt. */
  readonly isFailure: boolean;
  readonly stored: StoredOutput | undefined;
  readonly #answered: (submission: AttemptSubmission, outcome: Outcome) => void;

  constructor(
    { command, body }: AttemptCommand,
    { token, cause, namespace, isDurable, isFailure, stored }: AttemptReport,
    answered: (submission: AttemptSubmission, outcome: Outcome) => void,
  ) {
    this.token = token;
    this.command = command;
    this.body = body;
    this.cause = cause;
    this.namespace = namespace;
    this.isDurable = isDurable;
    this.isFailure = isFailure;
    this.stored = stored;
    this.#answered = answered;
  }

  reply(outcome: Outcome): void {
    this.#answered(this, outcome);
  }
}

interface AttemptReport {
  readonly token: EffectToken;
  readonly cause: Cause;
  readonly namespace: string | undefined;
  readonly isDurable: () => void;
  readonly isFailure: boolean;
  readonly stored?: StoredOutput | undefined;
}

/** An output that is a reference, and the command for its content. */
interface StoredOutput {
  readonly sha256: Uint8Array;
  readonly inline: (output: Uint8Array) => AttemptCommand;
}

export class RuntimeSettlement implements Settlement {
  readonly #parts: RuntimeSettlementParts;
  readonly #tokens: WireTokens;
  readonly #causes = new Map<string, Cause>();

  constructor(parts: RuntimeSettlementParts) {
    this.#parts = parts;
    this.#tokens = new WireTokens(parts.service, parts.tokens);
  }

  result({ result, agent, entry, questions = noQuestions }: EndedAttempt, isDurable: () => void): void {
    const { outcome, runMs, used, modelCalls } = result;
    const { commands } = this.#parts;
    const token = entry?.token ?? this.#tokens.read(result.token);
    const namespace = entry?.key.namespace;
    const cause = this.#causeOf(agent);
    const figures = { agent, runMs, used };
    const isFailure = outcome?.$case !== "inlineOutput" && outcome?.$case !== "outputPayload";
    const report = { token, cause, namespace, isDurable, isFailure };
    if (modelCalls !== undefined) this.#mention(token, commands.calledModels(agent, modelCalls), agent);
    switch (outcome?.$case) {
      case "inlineOutput":
        this.#retryUntilDone(
          commands.completed({ output: outcome.value, outputPayload: undefined, questions }, figures),
          report,
        );
        return;
      case "outputPayload": {
        const completed = { output: noBytes, outputPayload: outcome.value, questions };
        const { body } = outcome.value;
        if (body?.$case !== "blob") {
          this.#retryUntilDone(commands.completed(completed, figures), report);
          return;
        }
        const { sha256 } = body.value;
        const inline = (output: Uint8Array) =>
          commands.completed({ output, outputPayload: undefined, questions }, figures);
        const stored = { ...report, stored: { sha256, inline } };
        if (namespace === undefined) this.#retryUntilDone(commands.completed(completed, figures), stored);
        else void this.#completeWithBlob(sha256, completed, figures, { ...stored, namespace });
        return;
      }
      default: {
        const error =
          outcome?.$case === "failed" ? outcome.value : toErrorDetail(offerErrors.attemptStopped({ agent }));
        const lost = agent === "" ? lossOf(error) : undefined;
        this.#retryUntilDone(
          lost === undefined ? commands.failed(error, figures) : commands.lost(lost),
          report,
        );
      }
    }
  }

  started({ token }: OfferEntry, agent: string, startMs: number): void {
    this.#mention(token, this.#parts.commands.started(agent, startMs), agent);
  }

  progress({ token, saved, fraction, message }: Progress): void {
    // Progress without content is not worth a record.
    if (saved.length === 0 && fraction === 0 && message === "") return;
    this.#mention(this.#tokens.read(token), this.#parts.commands.progress(saved, fraction, message), "");
  }

  partialOutput({ key, effect, token }: OfferEntry, output: PartialOutput): void {
    this.#parts.outputs.add(key, effect.taskId, token.attempt, output);
  }

  unclaimed(bytes: Uint8Array, isUnwanted: () => void): void {
    const token = this.#tokens.own(bytes);
    if (token === undefined) return;
    const answer = ({ kind }: Outcome): void => {
      if (kind === "ignored") isUnwanted();
    };
    const cause = this.#causeOf("");
    this.#parts.runtime.submit({
      key: undefined,
      command: isStillAwaited,
      body: undefined,
      cause,
      idempotencyKey: "",
      token,
      reply: answer,
    });
  }

  refused({ token }: OfferEntry, error: ErrorDetail, isDurable: () => void): void {
    const report = { token, cause: this.#causeOf(""), namespace: undefined, isDurable, isFailure: true };
    this.#retryUntilDone(this.#parts.commands.failed(error, byNoAgent), report);
  }

  /** An output that refers to a missing blob fails the attempt. */
  async #completeWithBlob(
    sha256: Uint8Array,
    completed: AttemptOutput,
    figures: AttemptFigures,
    report: AttemptReport & { readonly namespace: string },
  ): Promise<void> {
    const { commands, hasBlob, timers } = this.#parts;
    try {
      if (await hasBlob(report.namespace, sha256)) {
        this.#retryUntilDone(commands.completed(completed, figures), report);
        return;
      }
    } catch (error) {
      this.#parts.logger.debug("failed to look up blobs, retrying", { error: errorFromUnknown(error) });
      timers.after(retryDelayMs, () => void this.#completeWithBlob(sha256, completed, figures, report));
      return;
    }
    const blob = Buffer.from(sha256).toString("hex");
    const error = toErrorDetail(offerErrors.outputAbsent({ blob, namespace: report.namespace }));
    this.#retryUntilDone(commands.failed(error, figures), { ...report, isFailure: true });
  }

  /** Submits a command until its outcome is known, as long as the partition is owned here. */
  #retryUntilDone(command: AttemptCommand, report: AttemptReport): void {
    this.#parts.runtime.submit(new AttemptSubmission(command, report, this.#onAnswer));
  }

  readonly #onAnswer = (submission: AttemptSubmission, outcome: Outcome): void => {
    if (outcome.kind !== "refused") {
      submission.isDurable();
      if (outcome.kind === "done") this.#parts.commands.answered(submission.namespace, outcome.reply);
      return;
    }
    const { refusal } = outcome;
    const { runtime, timers } = this.#parts;
    // The machine needs the output itself, and decides without waiting for a store.
    const { content_in: contentIn } = refusal.details;
    if (submission.stored !== undefined && contentIn !== undefined) {
      void this.#inlined(submission, submission.stored, contentIn);
      return;
    }
    switch (refusal.retry) {
      case "same-key":
        timers.after(refusal.retryAfterMs || retryDelayMs, () => runtime.submit(submission));
        return;
      case "elsewhere":
        // The present owner of the work offers the attempt again, and receives the result.
        return;
      default:
        this.#unheard(submission, refusal);
    }
  };

  /** Submits the content of a referenced output. While the store is unavailable, the result waits. */
  async #inlined(submission: AttemptSubmission, stored: StoredOutput, namespace: string): Promise<void> {
    const { readBlob, timers, logger, commands } = this.#parts;
    const { sha256, inline } = stored;
    const { token, cause, isDurable } = submission;
    const report = { token, cause, namespace: submission.namespace, isDurable };
    try {
      const content = await readBlob(namespace, sha256);
      if (content !== undefined) {
        this.#retryUntilDone(inline(content), { ...report, isFailure: false });
        return;
      }
    } catch (error) {
      logger.debug("failed to read an output, retrying", { error: errorFromUnknown(error) });
      timers.after(retryDelayMs, () => void this.#inlined(submission, stored, namespace));
      return;
    }
    const blob = Buffer.from(sha256).toString("hex");
    const error = toErrorDetail(offerErrors.outputAbsent({ blob, namespace }));
    this.#retryUntilDone(commands.failed(error, byNoAgent), { ...report, isFailure: true });
  }

  /** Reports a result that the machine rejected: otherwise the machine would wait for ever. */
  #unheard(submission: AttemptSubmission, refusal: Refusal): void {
    const { token, cause, command, namespace, isDurable, isFailure } = submission;
    const { code, message: reason } = refusal;
    this.#parts.logger.error("result of an attempt rejected", { code, reason, command: command.type });
    if (isFailure) {
      isDurable();
      return;
    }
    const report = { token, cause, namespace, isDurable, isFailure: true };
    this.#retryUntilDone(this.#parts.commands.failed(toErrorDetail(errorOf(refusal)), byNoAgent), report);
  }

  /** Sends a message once: its loss does no harm. */
  #mention(token: EffectToken, { command, body }: AttemptCommand, agent: string): void {
    const cause = this.#causeOf(agent);
    const answer = () => {};
    this.#parts.runtime.submit({
      key: undefined,
      command,
      body,
      cause,
      idempotencyKey: "",
      token,
      reply: answer,
    });
  }

  /** Returns the same object for the same agent, so that it is encoded once. */
  #causeOf(agent: string): Cause {
    const known = this.#causes.get(agent);
    if (known !== undefined) return known;
    const actor =
      agent === ""
        ? { kind: ActorKind.ACTOR_KIND_SERVICE, id: this.#parts.service }
        : { kind: ActorKind.ACTOR_KIND_AGENT, id: agent };
    const cause = { actor, traceparent: "", decision: "", reason: "" };
    if (this.#causes.size >= causesMax) this.#causes.clear();
    this.#causes.set(agent, cause);
    return cause;
  }
}

/** Returns the loss that a pool reports of an attempt without its worker's answer. */
function lossOf({ code, message, details }: ErrorDetail): LostAttempt | undefined {
  if (code !== matchingErrors.lost.code) return undefined;
  return { agent: details["agent"] ?? "", message: details["reason"] ?? message };
}

const noBytes = new Uint8Array(0);
const noQuestions: readonly ResultQuestion[] = [];
const byNoAgent: AttemptFigures = { agent: "", runMs: 0, used: undefined };
