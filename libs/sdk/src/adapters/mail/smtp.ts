/**
 * Sends mail by SMTP.
 *
 * 1. A server does not recognize a repeated mail, so a mail with an unknown outcome is not sent again. Before the server
 *    has requested the text (354), the mail was not sent.
 * 2. The `Message-ID` is derived from the idempotency key, so programs that compare ids see two copies as one mail.
 * 3. STARTTLS is required, not tried. Without TLS no password is sent.
 * 4. A mail succeeds if the server accepts at least one recipient. The output lists rejected recipients.
 * 5. The check signs in. Without a password it announces the sender, because only that shows that a login is needed.
 */
import { createHash } from "node:crypto";
import { isTuttiError } from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import {
  type Adapter,
  type AdapterCall,
  type RateLimit,
  rateNames,
  type SecretReference,
} from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { type Place, placeOf } from "./place.ts";

export interface SmtpAdapterOptions {
  readonly name: string;
  /** Refers to a URL such as `smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465` (TLS). */
  readonly url: SecretReference;
  /** The sender: `Shop <orders@shop.example>`. */
  readonly from: string;
  /** Refers to the certificates of the authorities that sign the server's certificate. Default: those of Node. */
  readonly ca?: SecretReference;
  /** `none` is for a server of the same machine, without a password. Default: `required`. */
  readonly tls?: "required" | "none";
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
  readonly rate?: RateLimit;
}

const defaults = { connectMs: 10_000 };
const schemes = [
  ["smtp", 587],
  ["smtps", 465],
] as const;

const addresses = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
const input = {
  type: "object",
  required: ["to", "subject"],
  additionalProperties: false,
  properties: {
    to: addresses,
    cc: addresses,
    bcc: addresses,
    replyTo: { type: "string" },
    subject: { type: "string" },
    text: { type: "string" },
    html: { type: "string" },
    headers: { type: "object", additionalProperties: { type: "string" } },
    attachments: {
      type: "array",
      items: {
        type: "object",
        required: ["filename", "content"],
        properties: {
          filename: { type: "string" },
          content: { type: "string", description: "Content as base64." },
          contentType: { type: "string" },
        },
      },
    },
  },
};

type Driver = typeof import("nodemailer");
type Transport = ReturnType<typeof transportTo>;
type Input = Readonly<Record<string, unknown>>;

const optionNames: OptionNames<SmtpAdapterOptions> = {
  name: true,
  url: true,
  from: true,
  ca: true,
  tls: true,
  connectMs: true,
  rate: rateNames,
};

/** Makes an adapter with the operation `send`. */
export function smtpAdapter(options: SmtpAdapterOptions): Adapter {
  requireKnown("smtpAdapter", options, optionNames);
  const { name, url, from, rate } = options;
  requireReference(name, url, "env:SHOP_SMTP");
  if (/[\r\n]/.test(from)) throw adapterErrors.invalid({ adapter: name, problem: "`from` has a line break" });
  const operation = `${name}.send`;
  return {
    name,
    kind: "smtp",
    operations: {
      send: {
        description: "Sends a mail.",
        input,
        repeat: "never",
        call: (input, call) =>
          using(options, operation, call, (transport) =>
            transport.sendMail({ ...mailOf(input), from, messageId: messageIdOf(call.idempotencyKey, from) }),
          ).then((sent) => ({
            messageId: sent.messageId,
            accepted: sent.accepted.map(String),
            rejected: (sent.rejectedErrors ?? []).map(({ recipient, response, message }) => ({
              address: recipient ?? "",
              reason: response ?? message,
            })),
          })),
      },
    },
    ...(rate !== undefined && { rate }),
    check: async (call) => {
      const probe: SenderProbe = { from, refusal: undefined };
      const verify = async (transport: Transport) => {
        await transport.verify();
        if (probe.refusal !== undefined) throw probe.refusal;
      };
      await using(options, name, call, verify, probe);
    },
  };
}

/** Builds the mail. A line break in a header would add another header. The client folds headers. Addresses have none. */
function mailOf(input: Input) {
  const attachments = (input["attachments"] ?? []) as readonly Readonly<Record<string, string>>[];
  return {
    ...input,
    attachments: attachments.map(({ filename, content = "", contentType }) => ({
      filename: filename ?? "",
      content: Buffer.from(content, "base64"),
      ...(contentType !== undefined && { contentType }),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function messageIdOf(key: string, from: string): string {
  const domain = /@([^>\s]+)>?$/.exec(from)?.[1] ?? "localhost";
  return `<${createHash("sha256").update(key).digest("hex").slice(0, 32)}@${domain}>`;
}

/** Opens a connection for each mail, so that its log belongs to this mail. */
async function using<T>(
  options: SmtpAdapterOptions,
  operation: string,
  call: AdapterCall,
  work: (transport: Transport) => Promise<T>,
  probe?: SenderProbe,
): Promise<T> {
  const { name, url, ca, tls = "required", connectMs = defaults.connectMs } = options;
  call.signal.throwIfAborted();
  const driver = await clientFor(name, "nodemailer", () => import("nodemailer"));
  const place = placeOf(name, url, await call.secret(url), schemes);
  if (tls === "none" && place.password !== "")
    throw adapterErrors.invalid({ adapter: name, problem: "a password needs TLS: remove `tls: none`" });
  let isSent = false;
  const transport = transportTo(driver, place, {
    connectMs,
    isOpen: tls === "none",
    ...(ca !== undefined && { ca: await call.secret(ca) }),
    onReply: (line) => {
      if (line.startsWith("354")) isSent = true;
    },
    ...(probe !== undefined && { probe }),
  });
  try {
    return await orAborted(call.signal, () => work(transport));
  } catch (error) {
    if (call.signal.aborted || isTuttiError(error)) throw error;
    throw failureOf(operation, error, place, isSent);
  } finally {
    transport.close();
  }
}

interface TransportOptions {
  readonly connectMs: number;
  /** True without TLS. */
  readonly isOpen: boolean;
  readonly ca?: string;
  /** Called with each reply of the server. */
  readonly onReply: (line: string) => void;
  readonly probe?: SenderProbe;
}

interface SenderProbe {
  readonly from: string;
  refusal: Fault | undefined;
}

/**
 * Announces the sender in the place of a login. The client offers this step only as an authentication method, and would
 * report each refusal as a wrong password. So the step always succeeds, and the caller throws the refusal.
 */
function loginOf(probe: SenderProbe) {
  // Servers accept other characters only with an extension. The empty sender is always accepted.
  const [address = ""] = /[^<\s]+@[^>\s]+/.exec(probe.from) ?? [];
  const sender = /^[\x21-\x7e]*$/.test(address) ? address : "";
  return {
    auth: { type: "custom", method: "SENDER" },
    forceAuth: true,
    customAuth: {
      SENDER: async ({ sendCommand }: CustomLogin) => {
        const { status, response } = await sendCommand(`MAIL FROM:<${sender}>`);
        if (status >= 400) probe.refusal = { message: response, responseCode: status };
      },
    },
  };
}

interface CustomLogin {
  sendCommand(command: string): Promise<{ readonly status: number; readonly response: string }>;
}

function transportTo(
  { createTransport }: Driver,
  { host, port, user, password, isTls }: Place,
  { connectMs, isOpen, ca, onReply, probe }: TransportOptions,
) {
  const probed = probe === undefined ? {} : loginOf(probe);
  const login = password === "" ? probed : { auth: { user, pass: password } };
  const silent = () => {};
  const debug = (entry: unknown, line: unknown) => {
    if (typeof entry === "object" && entry !== null && "tnx" in entry && entry.tnx === "server")
      onReply(String(line));
  };
  return createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !isOpen,
    ignoreTLS: isOpen,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    transactionLog: true,
    tls: { minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) },
    ...login,
    logger: { debug, trace: silent, info: silent, warn: silent, error: silent, fatal: silent, level: silent },
  });
}

interface Fault {
  readonly message: string;
  readonly code?: string;
  /** Node's code, such as ECONNREFUSED. */
  readonly originalCode?: string;
  readonly responseCode?: number;
}

function failureOf(operation: string, error: unknown, place: Place, isSent: boolean): Error {
  // The client throws only errors of this type.
  const { message, code = "", originalCode = code, responseCode = 0 } = error as Fault;
  const { user, password } = place;
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const secrets = password === "" ? [] : [encoded(`\0${user}\0${password}`), encoded(password), password];
  const reason = withoutSecrets(message.replace(/\s+/g, " "), secrets);
  const details = { operation, reason };
  if (responseCode === 530 && password === "") {
    const advice = "Add the user and the password to the address";
    return adapterErrors.notSignedIn({ operation, reason: `the server needs a login: ${reason}. ${advice}` });
  }
  if (code === "EAUTH" || [530, 534, 535].includes(responseCode)) return adapterErrors.notSignedIn(details);
  // The refusal of STARTTLS is not an answer to the mail.
  if (code === "ETLS" && reason.includes("STARTTLS")) {
    const advice = "Use smtps://, or `tls: none` if the server needs no password";
    return adapterErrors.failed({
      operation,
      reason: `the server does not offer STARTTLS (${reason}). ${advice}`,
    });
  }
  if (code === "ETLS") return adapterErrors.failed(details);
  if (responseCode >= 500) return adapterErrors.refused(details);
  if (responseCode >= 400) return adapterErrors.failed(details);
  if (code === "EENVELOPE" || code === "EMESSAGE") return adapterErrors.refused(details);
  if (isSent) return adapterErrors.outcomeUnknown(details);
  return adapterErrors.unreachable({ operation, reason: unreachableReason(originalCode, reason, place) });
}
