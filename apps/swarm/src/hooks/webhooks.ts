/**
 * Hooks that an external service answers over HTTP. All questions of a turn to one hook are one request,
 * signed with its secret. The answer has a verdict for each number. A number without a verdict changes
 * nothing.
 */
import { HookAnswer, HookOccasion, type HookWebhook } from "@tutti/contracts/swarm/v1";
import { callOut, outgoingErrors } from "@tutti/host/outgoing";
import { durationText, errorFromUnknown, type Foundation, type TuttiError } from "@tutti/kernel";
import type { HookQuestion, HookReply } from "@tutti/matching";
import { headersOf } from "../webhooks/headers.ts";
import { failure } from "./listener.ts";
import { occasionOf } from "./occasions.ts";

export interface WebhookParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger">;
  readonly arePrivateAllowed: boolean;
  /** Called for each call that was blocked because of its destination. */
  readonly refused: (error: TuttiError, namespace: string) => void;
}

export interface WebhookCall {
  readonly namespace: string;
  readonly pool: string;
  readonly hookId: string;
  readonly webhook: HookWebhook;
  readonly questions: readonly HookQuestion[];
}

/** Maximum of occasions per request. Further ones go into other requests. */
const occasionsMax = 100;
const timeoutDefaultMs = 1_000;
/**
 * Maximum of running requests of a namespace, so that its slow service does not fail those of others. Beyond
 * it, a request that waits for an answer fails.
 */
const inFlightMax = 64;

export class Webhooks {
  readonly #parts: WebhookParts;
  readonly #stopping = new AbortController();
  readonly #inFlight = new Map<string, number>();

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Sends a call. `replied` receives answers and failures. */
  send(question: WebhookCall, replied: (replies: readonly HookReply[]) => void): void {
    const { namespace } = question;
    for (let from = 0; from < question.questions.length; from += occasionsMax) {
      const questions = question.questions.slice(from, from + occasionsMax);
      const waiting = questions.filter(({ number }) => number > 0);
      const inFlight = this.#inFlight.get(namespace) ?? 0;
      if (inFlight >= inFlightMax) {
        replied(waiting.map(({ number }) => failure(number, "too many requests are in progress")));
        continue;
      }
      this.#inFlight.set(namespace, inFlight + 1);
      this.#call({ ...question, questions })
        .catch((thrown: unknown) => {
          const error = errorFromUnknown(thrown);
          const { message } = error;
          if (outgoingErrors.refused.is(error)) this.#parts.refused(error, namespace);
          return waiting.map(({ number }) => failure(number, message));
        })
        .then(replied)
        .finally(() => this.#decrementInFlight(namespace));
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  #decrementInFlight(namespace: string): void {
    const remaining = (this.#inFlight.get(namespace) ?? 1) - 1;
    if (remaining > 0) this.#inFlight.set(namespace, remaining);
    else this.#inFlight.delete(namespace);
  }

  async #call({ namespace, pool, hookId, webhook, questions }: WebhookCall): Promise<HookReply[]> {
    const { foundation, arePrivateAllowed } = this.#parts;
    const { url, secret } = webhook;
    const timeoutMs = webhook.timeoutMs || timeoutDefaultMs;
    const late = new AbortController();
    const timer = foundation.timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer in ${durationText(timeoutMs)}`)),
    );
    try {
      const moment = new Date(foundation.clock.now()).toISOString();
      const occasions = questions.map((question, at) => HookOccasion.toJSON(occasionOf(question, at + 1)));
      const body = JSON.stringify({ namespace, pool, hookId, moment, occasions });
      const headers = await headersOf(secret, body, foundation);
      const signal = AbortSignal.any([late.signal, this.#stopping.signal]);
      const text = await callOut({ method: "POST", url, headers, body, arePrivateAllowed, signal });
      return repliesIn(text, questions);
    } finally {
      timer.cancel();
    }
  }
}

/** Parses `{"answers": [{"number": 1, "verdict": {"priority": "5"}}]}`. Empty changes nothing. */
function repliesIn(text: string, questions: readonly HookQuestion[]): HookReply[] {
  const verdicts = new Map<number, HookAnswer["verdict"]>();
  if (text.trim() !== "") {
    const { answers = [] } = JSON.parse(text) as { readonly answers?: readonly unknown[] };
    for (const each of answers) {
      const { number, verdict } = HookAnswer.fromJSON(each);
      verdicts.set(number, verdict);
    }
  }
  return questions.flatMap(({ number }, at) =>
    number > 0 ? [{ number, verdict: verdicts.get(at + 1), problem: "" }] : [],
  );
}
