/**
 * A source that starts runs of mails of a mailbox.
 *
 * 1. Unseen mails start runs. The id of a run is derived from UIDVALIDITY and UID of the mail. The pair is never reused.
 * 2. A mail is marked as seen, moved or deleted after the platform has its run.
 * 3. A mail that cannot start a run is marked as seen and flagged, or moved to `failures`.
 */
import { isTuttiError, systemTimers } from "@tutti/kernel";
import type { FetchMessageObject, ImapFlow, MessageStructureObject } from "imapflow";
import { type OptionNames, oneOf, plain, requireKnown, text } from "../../options.ts";
import type { AdapterCall, SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import { type Place, placeOf } from "./place.ts";

export interface Mail {
  readonly uid: number;
  readonly messageId: string;
  /** Addresses without names. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly subject: string;
  /** ISO 8601. */
  readonly date: string;
  /** The plain text, or the HTML of a mail without one. */
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly {
    readonly filename: string;
    readonly type: string;
    readonly size: number;
  }[];
}

export interface ImapSourceOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  /** Refers to a URL such as `imaps://user:password@host:993`. `imap://` needs STARTTLS. */
  readonly url: SecretReference;
  /** Default: `INBOX`. */
  readonly mailbox?: string;
  readonly start: (mail: Mail) => SourceStart;
  /** Default: it is marked as seen. */
  readonly afterStart?: "seen" | "delete" | { readonly moveTo: string };
  /** The mailbox of mails that cannot start. Default: they are marked as seen and flagged. */
  readonly failures?: string;
  /** Refers to the certificates of the authorities that sign the server's certificate. Default: those of Node. */
  readonly ca?: SecretReference;
  /** `none` is for a server of the same machine. Default: `required`. */
  readonly tls?: "required" | "none";
  /** How often to look for mails if the server does not announce them. Default: 60,000. */
  readonly pollMs?: number;
  /** Maximum bytes of a text. The rest is cut off. Default: 1,048,576. */
  readonly textBytesMax?: number;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

const defaults = { mailbox: "INBOX", pollMs: 60_000, textBytesMax: 1_048_576, connectMs: 10_000 };
const schemes = [
  ["imap", 143],
  ["imaps", 993],
] as const;
const batch = 50;
/** A server that is silent for this long is disconnected. The client sends a command earlier. */
const silenceMs = 300_000;
const idleMs = 120_000;
/** Delay before IDLE, in which the server announces mails. */
const idleSoonMs = 100;

const optionNames: OptionNames<ImapSourceOptions> = {
  name: true,
  url: true,
  mailbox: true,
  start: true,
  afterStart: { [plain]: oneOf(["seen", "delete"]), moveTo: text },
  failures: true,
  ca: true,
  tls: true,
  pollMs: true,
  textBytesMax: true,
  connectMs: true,
};

/** Returns a source that starts runs of mails. As an adapter it has the operation `status`. Its check opens the mailbox. */
export function imapSource(options: ImapSourceOptions): Source {
  requireKnown("imapSource", options, optionNames);
  const { name, url, mailbox = defaults.mailbox } = options;
  requireReference(name, url, "env:SHOP_IMAP");
  const status = (call: AdapterCall) =>
    using(options, name, call, async (client) => {
      const found = await client.status(mailbox, { messages: true, unseen: true });
      if (found === false)
        throw adapterErrors.refused({ operation: name, reason: `no mailbox \`${mailbox}\`` });
      return { waiting: found.unseen ?? 0, messages: found.messages ?? 0 };
    });
  return sourceOf({
    name,
    kind: "imap-source",
    description: "Counts mails: unseen, and all.",
    status,
    sessions: (runOptions) => (caller, well) =>
      using(options, name, caller, (client) => work(options, client, runOptions, caller, well)),
  });
}

async function work(
  options: ImapSourceOptions,
  client: ImapFlow,
  { tutti, logger }: SourceRunOptions,
  { signal }: Caller,
  well: () => void,
): Promise<void> {
  const { name, mailbox = defaults.mailbox, pollMs = defaults.pollMs, start } = options;
  const { uidValidity } = await client.mailboxOpen(mailbox);
  let bell = Promise.withResolvers<void>();
  client.on("exists", () => bell.resolve());
  client.on("close", () => bell.resolve());
  while (!signal.aborted) {
    if (!client.usable) throw new Error("the connection ended");
    const unseen = (await client.search({ seen: false, deleted: false }, { uid: true })) || [];
    for (const uid of unseen.slice(0, batch)) {
      signal.throwIfAborted();
      const mail = await mailOf(client, uid, options.textBytesMax ?? defaults.textBytesMax);
      // Another process has moved the mail.
      if (mail === undefined) continue;
      const failure = await startedBy(tutti, `${name}-${uidValidity}-${uid}`, () => start(mail));
      if (failure !== undefined)
        logger?.warn("a mail cannot start a run", { source: name, uid, subject: mail.subject, failure });
      await settle(options, client, uid, failure !== undefined);
    }
    well();
    if (unseen.length > batch) continue;
    const timer = systemTimers.after(pollMs, bell.resolve);
    await orAborted(signal, () => bell.promise).finally(() => timer.cancel());
    bell = Promise.withResolvers<void>();
  }
}

async function settle(
  { afterStart = "seen", failures }: ImapSourceOptions,
  client: ImapFlow,
  uid: number,
  isRefused: boolean,
): Promise<void> {
  const place = isRefused ? failures : typeof afterStart === "object" ? afterStart.moveTo : undefined;
  const range = String(uid);
  const by = { uid: true };
  if (isRefused || afterStart !== "delete")
    await client.messageFlagsAdd(range, isRefused ? ["\\Seen", "\\Flagged"] : ["\\Seen"], by);
  if (place !== undefined) {
    if (await client.messageMove(range, place, by)) return;
    throw adapterErrors.refused({ operation: "move", reason: `no mailbox \`${place}\`` });
  }
  if (!isRefused && afterStart === "delete") await client.messageDelete(range, by);
}

async function mailOf(client: ImapFlow, uid: number, maxBytes: number): Promise<Mail | undefined> {
  const query = { envelope: true, bodyStructure: true, internalDate: true };
  const found = await client.fetchOne(String(uid), query, { uid: true });
  if (found === false) return undefined;
  const { bodyStructure } = found;
  const parts = bodyStructure === undefined ? [] : partsOf(bodyStructure);
  const isInline = ({ disposition }: MessageStructureObject) => disposition !== "attachment";
  const textOf = async (type: string) => {
    const part = parts.find((each) => each.type === type && isInline(each));
    if (part === undefined) return "";
    const { content } = await client.download(String(uid), part.part ?? "1", { uid: true, maxBytes });
    if (content === undefined) return "";
    let text = "";
    for await (const piece of content.setEncoding("utf8")) text += piece;
    return text;
  };
  const html = await textOf("text/html");
  return {
    uid,
    ...envelopeOf(found),
    html,
    text: (await textOf("text/plain")) || html,
    attachments: parts.flatMap(({ disposition, dispositionParameters, parameters, type, size = 0 }) => {
      const filename = dispositionParameters?.["filename"] ?? parameters?.["name"];
      return disposition === "attachment" || filename !== undefined
        ? [{ filename: filename ?? "", type, size }]
        : [];
    }),
  };
}

function envelopeOf({ envelope, internalDate }: FetchMessageObject) {
  const date = new Date(envelope?.date ?? internalDate ?? 0);
  const addressesOf = (all: readonly { readonly address?: string | undefined }[] = []) =>
    all.flatMap(({ address }) => address ?? []);
  return {
    messageId: envelope?.messageId ?? "",
    subject: envelope?.subject ?? "",
    from: addressesOf(envelope?.from),
    to: addressesOf(envelope?.to),
    date: Number.isNaN(date.getTime()) ? "" : date.toISOString(),
  };
}

/** Returns the leaves of a mail's structure, in order. */
function partsOf(structure: MessageStructureObject): readonly MessageStructureObject[] {
  return structure.childNodes === undefined ? [structure] : structure.childNodes.flatMap(partsOf);
}

async function using<T>(
  options: ImapSourceOptions,
  operation: string,
  caller: Caller,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const { name, url, ca, tls = "required", connectMs = defaults.connectMs } = options;
  caller.signal.throwIfAborted();
  const { ImapFlow: Client } = await clientFor(name, "imapflow", () => import("imapflow"));
  const place = placeOf(name, url, await caller.secret(url), schemes);
  const { host, port, user, password, isTls } = place;
  const client = new Client({
    host,
    port,
    secure: isTls,
    auth: { user, pass: password },
    logger: false,
    qresync: false,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    maxIdleTime: idleMs,
    autoIdleDelay: idleSoonMs,
    ...(!isTls && { doSTARTTLS: tls === "required" }),
    tls: { minVersion: "TLSv1.2", ...(ca !== undefined && { ca: await caller.secret(ca) }) },
  });
  // Without a listener, a broken connection would end the process.
  client.on("error", () => {});
  try {
    return await orAborted(caller.signal, async () => {
      await client.connect();
      return work(client);
    });
  } catch (error) {
    if (caller.signal.aborted || isTuttiError(error)) throw error;
    throw failureOf(operation, error, place);
  } finally {
    client.close();
  }
}

interface Fault {
  readonly message: string;
  readonly code?: string;
  readonly authenticationFailed?: boolean;
  readonly mailboxMissing?: boolean;
  readonly responseStatus?: string;
  readonly responseText?: string;
}

function failureOf(operation: string, error: unknown, place: Place): Error {
  const { message, code = "", responseStatus, responseText, ...is } = error as Fault;
  const { authenticationFailed, mailboxMissing } = is;
  const reason = withoutSecrets(responseText ?? message, [place.password]);
  const details = { operation, reason };
  if (authenticationFailed === true) return adapterErrors.notSignedIn(details);
  if (code === "NotFound" || mailboxMissing === true) return adapterErrors.refused(details);
  if (responseStatus === "NO" || responseStatus === "BAD") return adapterErrors.refused(details);
  return adapterErrors.unreachable({ operation, reason: unreachableReason(code, reason, place) });
}
