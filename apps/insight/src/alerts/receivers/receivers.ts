/**
 * Delivers messages to their receivers, according to the kind of each receiver.
 *
 * 1. A message has one identity in every attempt, also after a crash: a webhook's `webhook-id`, the id of a run, the
 *    `Message-ID` of a mail.
 * 2. If a receiver rejects a message permanently, the message is dead: 410 and other 4xx replies, except those that mean
 *    *later* (408, 425, 429). Every other failure is retried, for at most a day.
 */
import { RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import { signedHeaders, signingHeaders, statusOfCall } from "@tutti/host/outgoing";
import { durationText, errorFromUnknown, type Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { insightErrors } from "../../errors.ts";
import { chatBody } from "./chat.ts";
import { runCommand } from "./command.ts";
import { Mail } from "./mail/mail.ts";
import { type AlertMessage, pageOf } from "./message.ts";
import type { ReceiverSettings } from "./settings.ts";

export interface ReceiversParts {
  readonly foundation: Pick<Foundation, "clock" | "timers">;
  readonly settings: Readonly<Record<string, ReceiverSettings>>;
  readonly arePrivateAllowed: boolean;
  /** Address of the dashboard for people. */
  readonly dashboardUrl?: string | undefined;
  readonly runs: Pick<Client<typeof runService>, "startRun">;
}

const later: ReadonlySet<number> = new Set([408, 425, 429]);

export class Receivers {
  readonly #parts: ReceiversParts;
  readonly #mail: Mail;

  constructor(parts: ReceiversParts) {
    this.#parts = parts;
    const { foundation, arePrivateAllowed } = parts;
    this.#mail = new Mail({ clock: foundation.clock, arePrivateAllowed });
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#parts.settings, name);
  }

  get names(): readonly string[] {
    return Object.keys(this.#parts.settings);
  }

  /** Names and kinds of all receivers, sorted by name. */
  get kinds(): readonly (readonly [name: string, kind: string])[] {
    const all = Object.entries(this.#parts.settings).map(([name, { kind }]) => [name, kind] as const);
    return all.sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** Resolves when the receiver has the message. Throws `insight.message_rejected` if a retry is useless. */
  async deliver(name: string, original: AlertMessage, signal: AbortSignal): Promise<void> {
    const { dashboardUrl } = this.#parts;
    const message =
      dashboardUrl === undefined ? original : { ...original, url: pageOf(original, dashboardUrl) };
    const settings = this.has(name) ? this.#parts.settings[name] : undefined;
    if (settings === undefined)
      throw insightErrors.messageRejected({ reason: `receiver \`${name}\` is not configured` });
    const late = new AbortController();
    const { timeoutMs } = settings;
    const timer = this.#parts.foundation.timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer in ${durationText(timeoutMs)}`)),
    );
    try {
      await this.#deliver(settings, message, AbortSignal.any([signal, late.signal]));
    } finally {
      timer.cancel();
    }
  }

  async #deliver(settings: ReceiverSettings, message: AlertMessage, signal: AbortSignal): Promise<void> {
    switch (settings.kind) {
      case "webhook":
        return this.#post(settings, message, message, signal);
      case "slack":
      case "discord":
      case "teams":
        return this.#post(settings, message, chatBody(settings.kind, message), signal);
      case "command":
        return runCommand(settings.command ?? [], JSON.stringify(message), signal);
      case "workflow":
        return this.#start(settings, message, signal);
      case "smtp":
        return this.#mail.send(settings, message, signal);
    }
  }

  async #post(
    settings: ReceiverSettings,
    { id }: AlertMessage,
    content: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { foundation, arePrivateAllowed } = this.#parts;
    const body = JSON.stringify(content);
    const secret = await settings.secret?.reveal();
    const url = (await settings.url?.reveal()) ?? "";
    const signed =
      secret === undefined
        ? { [signingHeaders.id]: id }
        : signedHeaders(secret, { id, nowMs: foundation.clock.now(), body });
    const headers = { "content-type": "application/json", ...signed };
    const status = await statusOfCall({ method: "POST", url, headers, body, arePrivateAllowed, signal });
    if (status >= 200 && status < 300) return;
    const reason = `the receiver answered ${status}`;
    if (status >= 400 && status < 500 && !later.has(status)) throw insightErrors.messageRejected({ reason });
    throw insightErrors.receiverFailed({ reason });
  }

  /** Starts a run with the id of the message, so that it starts once. */
  async #start(settings: ReceiverSettings, message: AlertMessage, signal: AbortSignal): Promise<void> {
    const [name = "", label] = (settings.workflow ?? "").split("@");
    const version = label === undefined ? undefined : { $case: "label" as const, value: label };
    const request = StartRunRequest.fromPartial({
      namespace: settings.namespace ?? message.namespace,
      runId: message.id,
    });
    request.spec = RunSpec.fromPartial({
      what: { $case: "definition", value: { name, version } },
      input: {
        body: { $case: "inline", value: Buffer.from(JSON.stringify(message)) },
        mediaType: "application/json",
      },
      labels: { alert: message.rule },
    });
    try {
      await this.#parts.runs.startRun(request, { signal });
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.status !== "ALREADY_EXISTS") throw error;
    }
  }
}
