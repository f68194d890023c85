/**
 * Copies streams as snapshots of NATS servers, by the JetStream protocol: `$JS.API.STREAM.SNAPSHOT` and
 * `$JS.API.STREAM.RESTORE`. Chunks are written as they arrive, and each is acknowledged.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { NatsConnection } from "@tutti/nats";
import { pollFor } from "../effects/waiting.ts";
import { clusterErrors } from "../errors.ts";

/** The server's description of a stream, which a restore passes back. */
interface StreamFacts {
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  readonly state: { readonly messages: number; readonly bytes: number; readonly [key: string]: unknown };
}

export interface StreamCopy extends StreamFacts {
  readonly snapshotBytes: number;
  /** SHA-256 of the snapshot, in hexadecimal digits. */
  readonly sha256: string;
}

interface ApiAnswer {
  readonly error?: { readonly description?: string; readonly err_code?: number };
}

/** `no suitable peers for placement` */
const noPeersCode = 10005;

const partBytes = 128 * 1024;
const answerMs = 30_000;
const leaderMs = 1_000;

/** Returns the names of all streams of the account. */
export async function streamNames(connection: NatsConnection): Promise<readonly string[]> {
  const names: string[] = [];
  for (;;) {
    const page = await requestTo<{ streams?: string[] | null; total: number }>(
      connection,
      "$JS.API.STREAM.NAMES",
      { offset: names.length },
    );
    names.push(...(page.streams ?? []));
    if (names.length >= page.total || (page.streams ?? []).length === 0) return names.sort();
  }
}

export async function copyOut(connection: NatsConnection, name: string, path: string): Promise<StreamCopy> {
  const client = connection.client(`snapshot of the stream ${name}`);
  const inbox = `_INBOX.${randomUUID()}`;
  const parts = client.subscribe(inbox);
  const file = await open(path, "w", 0o600);
  try {
    await requireLeader(connection, name);
    const { config, state } = await requestTo<StreamFacts>(connection, `$JS.API.STREAM.SNAPSHOT.${name}`, {
      deliver_subject: inbox,
      chunk_size: partBytes,
      no_consumers: true,
    });
    const hash = createHash("sha256");
    let snapshotBytes = 0;
    for await (const part of parts) {
      if (part.data.length === 0) {
        const problem = part.headers?.status ?? "";
        if (part.headers !== undefined && (part.headers.code ?? 0) >= 400)
          throw clusterErrors.copyFailed({ stream: name, reason: problem });
        break;
      }
      hash.update(part.data);
      await file.writeFile(part.data);
      snapshotBytes += part.data.length;
      part.respond();
    }
    await file.sync();
    return { config, state, snapshotBytes, sha256: hash.digest("hex") };
  } finally {
    parts.unsubscribe();
    await file.close();
  }
}

export async function copyIn(connection: NatsConnection, copy: StreamCopy, path: string): Promise<void> {
  const { config, state } = copy;
  const { name } = config;
  await requireHash(copy, path);
  const { deliver_subject: subject } = await startRestore(connection, { config, state });
  const client = connection.client(`restoring of the stream ${name}`);
  let isReady = false;
  const send = async (bytes?: Uint8Array): Promise<void> => {
    const sendRequest = () => client.request(subject, bytes, { timeout: answerMs });
    // This server may learn of the subscriber a moment after we learn of the subject.
    const reply = await (isReady
      ? sendRequest()
      : pollFor(() => sendRequest().catch(ignoreNoResponders), answerMs));
    if (reply === undefined)
      throw clusterErrors.copyFailed({ stream: name, reason: "no subscriber takes it" });
    isReady = true;
    if (reply.data.length === 0) return;
    const { error } = reply.json<ApiAnswer>();
    if (error !== undefined)
      throw clusterErrors.copyFailed({ stream: name, reason: error.description ?? "it was refused" });
  };
  for await (const bytes of createReadStream(path, { highWaterMark: partBytes }))
    await send(bytes as Uint8Array);
  await send();
}

/** Starts to restore a stream. Servers that have just started may not see each other yet: then it is repeated. */
async function startRestore(
  connection: NatsConnection,
  facts: StreamFacts,
): Promise<{ readonly deliver_subject: string }> {
  const subject = `$JS.API.STREAM.RESTORE.${facts.config.name}`;
  const ask = () => answerTo<ApiAnswer & { readonly deliver_subject: string }>(connection, subject, facts);
  const answer = await pollFor(async () => {
    const found = await ask();
    return found.error?.err_code === noPeersCode ? undefined : found;
  }, answerMs);
  return accepted(subject, answer ?? (await ask()));
}

function ignoreNoResponders(error: unknown): undefined {
  if (error instanceof Error && error.message.startsWith("no responders")) return undefined;
  throw error;
}

async function requireHash({ config: { name }, sha256 }: StreamCopy, path: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  if (hash.digest("hex") !== sha256)
    throw clusterErrors.copyFailed({ stream: name, reason: `${path} is not what was written` });
}

/** Waits for the leader of a stream. Servers that have just started may not have elected one, and do not answer yet. */
async function requireLeader(connection: NatsConnection, name: string): Promise<void> {
  const client = connection.client(`leader of the stream ${name}`);
  const leader = await pollFor(async () => {
    const reply = await client
      .request(`$JS.API.STREAM.INFO.${name}`, "", { timeout: leaderMs })
      .catch(() => undefined);
    return reply?.json<{ cluster?: { leader?: string } }>().cluster?.leader;
  }, answerMs);
  if (leader === undefined) throw clusterErrors.copyFailed({ stream: name, reason: "no server leads it" });
}

async function requestTo<Answer>(
  connection: NatsConnection,
  subject: string,
  body: unknown,
): Promise<Answer> {
  return accepted(subject, await answerTo<Answer & ApiAnswer>(connection, subject, body));
}

async function answerTo<Answer>(connection: NatsConnection, subject: string, body: unknown): Promise<Answer> {
  const client = connection.client(subject);
  const reply = await client.request(subject, JSON.stringify(body), { timeout: answerMs });
  return reply.json<Answer>();
}

function accepted<Answer extends ApiAnswer>(subject: string, answer: Answer): Answer {
  if (answer.error !== undefined)
    throw clusterErrors.copyFailed({
      stream: subject.split(".").at(-1) ?? "",
      reason: answer.error.description ?? "it was refused",
    });
  return answer;
}
