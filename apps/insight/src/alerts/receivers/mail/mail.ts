/**
 * Sends alerts as mail, over SMTP.
 *
 * 1. A mail has the same `Message-ID` in every attempt. So a mail program that receives it twice after a crash shows it
 *    once.
 * 2. A recipient that the server has accepted does not get the mail again during the life of this process. The number of
 *    attempts at the other recipients does not matter.
 * 3. The connection goes to a checked address. User and password are sent only over TLS, with a checked certificate, and
 *    appear in no error message.
 * 4. 4xx is *later*. 5xx is *never*, except for STARTTLS, because a refusal of STARTTLS may not come from the server.
 */
import { connect, isIP, type Socket } from "node:net";
import { addressesOfHost } from "@tutti/host/outgoing";
import type { Clock } from "@tutti/kernel";
import { insightErrors } from "../../../errors.ts";
import type { AlertMessage } from "../message.ts";
import type { ReceiverSettings } from "../settings.ts";
import { mailOf } from "./content.ts";

export interface MailParts {
  readonly clock: Clock;
  readonly arePrivateAllowed: boolean;
}

/** The part of an error of the client that decides about a retry. */
interface SmtpFailure {
  readonly message: string;
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly rejectedErrors?: readonly SmtpFailure[] | undefined;
}

const ports = { implicit: 465, starttls: 587, none: 25 } as const;
/** Messages that only some recipients have received. The oldest are dropped first. */
const partialMax = 1_000;
const reasonMax = 500;

export class Mail {
  readonly #parts: MailParts;
  readonly #accepted = new Map<string, Set<string>>();

  constructor(parts: MailParts) {
    this.#parts = parts;
  }

  /** Resolves when all recipients have the mail. */
  async send(settings: ReceiverSettings, message: AlertMessage, signal: AbortSignal): Promise<void> {
    const { host = "", from = "", to = [], tls } = settings;
    if (tls === "none" && !this.#parts.arePrivateAllowed)
      throw insightErrors.messageRejected({ reason: "mail without TLS needs `privateReceivers: true`" });
    const port = settings.port ?? ports[tls];
    const [user, password, ca] = await Promise.all([
      settings.user?.reveal(),
      settings.password?.reveal(),
      settings.ca?.reveal(),
    ]);
    const has = this.#accepted.get(message.id) ?? new Set();
    const remaining = to.filter((recipient) => !has.has(recipient));
    // Loaded only for a receiver of this kind. In a bundle, the names of the client are in its default export alone.
    const { createTransport } = (await import("nodemailer")).default;
    const socket = await this.#connect(host, port, settings, signal);
    const transport = createTransport({
      connection: socket,
      host,
      port,
      logger: false,
      disableFileAccess: true,
      disableUrlAccess: true,
      secure: tls === "implicit",
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      tls: {
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
      },
      ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
    });
    const hide = hiding(user, password);
    try {
      const sent = await orAborted(
        signal,
        transport.sendMail({
          ...mailOf(message, from),
          from,
          to,
          envelope: { from, to: remaining },
          date: new Date(this.#parts.clock.now()),
          // Prevents automatic replies, such as out-of-office notes.
          headers: { "Auto-Submitted": "auto-generated" },
        }),
      );
      const rejected: readonly SmtpFailure[] = sent.rejectedErrors ?? [];
      if (rejected.length > 0) {
        const accepted = new Set(sent.accepted.map((recipient) => String(recipient).toLowerCase()));
        this.#remember(
          message.id,
          has,
          remaining.filter((recipient) => accepted.has(recipient.toLowerCase())),
        );
        throw failureOf(rejected, hide);
      }
      this.#accepted.delete(message.id);
    } catch (thrown) {
      socket.destroy();
      if (insightErrors.messageRejected.is(thrown) || insightErrors.receiverFailed.is(thrown)) throw thrown;
      // The cast: the client throws only this type.
      const failure = thrown as SmtpFailure;
      throw failureOf(failure.rejectedErrors ?? [failure], hide);
    }
  }

  async #connect(
    host: string,
    port: number,
    { tls }: Pick<ReceiverSettings, "tls">,
    signal: AbortSignal,
  ): Promise<Socket> {
    const url = `${tls === "implicit" ? "smtps" : "smtp"}://${host}:${port}`;
    const { arePrivateAllowed } = this.#parts;
    const found = addressesOfHost(host, { url, arePrivateAllowed });
    const addresses = await orAborted(signal, found);
    return await new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        signal,
        lookup: (_host, { all }, callback) => {
          const [first] = addresses;
          if (all === true) callback(null, [...addresses]);
          else if (first !== undefined) callback(null, first.address, first.family);
        },
      });
      // Remains attached: with TLS, the client listens on the socket above this one.
      socket.on("error", ({ message }) => {
        const reason = signal.aborted ? reasonOf(signal) : message;
        reject(insightErrors.receiverFailed({ reason: `${url}: ${reason}` }));
      });
      socket.once("connect", () => resolve(socket));
    });
  }

  #remember(id: string, has: Set<string>, accepted: readonly string[]): void {
    for (const recipient of accepted) has.add(recipient);
    this.#accepted.set(id, has);
    for (const oldest of this.#accepted.keys()) {
      if (this.#accepted.size <= partialMax) break;
      this.#accepted.delete(oldest);
    }
  }
}

function failureOf(failures: readonly SmtpFailure[], hide: (text: string) => string): Error {
  const all = failures.map(({ message }) => message.replace(/\s+/g, " ")).join("; ");
  const reason = hide(all).slice(0, reasonMax);
  const isNever = failures.every(
    ({ code, responseCode = 0 }) => code !== "ETLS" && responseCode >= 500 && responseCode < 600,
  );
  return (isNever ? insightErrors.messageRejected : insightErrors.receiverFailed)({ reason });
}

/** Removes user and password from a text, because a server may repeat what it received. */
function hiding(user = "", password = ""): (text: string) => string {
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const secrets = password === "" ? [] : [encoded(`\0${user}\0${password}`), encoded(password), password];
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}

function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(insightErrors.receiverFailed({ reason: reasonOf(signal) }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : "it was ended";
}
