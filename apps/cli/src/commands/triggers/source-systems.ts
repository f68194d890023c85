/** Creates the SDK source that a file describes. The content of a message becomes an event. */
import type { SourceDocument } from "@tutti/definitions";
import { assert, parseDurationMs } from "@tutti/kernel";
import { parseExactly } from "@tutti/rest/json/exact";
import {
  amqpSource,
  folderSource,
  gitSource,
  imapSource,
  kafkaSource,
  natsSource,
  postgresOutbox,
  prometheusSource,
  redisSource,
  type Source,
  type SourceStart,
  s3Source,
  sftpSource,
} from "@tutti/sdk/adapters";

export function sourceOf(document: SourceDocument): Source {
  const { source: name, postgres, redis, nats, amqp, kafka, imap, git, prometheus } = document;
  if (postgres !== undefined)
    return postgresOutbox({ ...polled(postgres), name, start: (row) => event(rowOf(row)) });
  if (redis !== undefined) {
    const { stream, list, channel, take, ...settings } = redis;
    return redisSource({
      ...settings,
      name,
      from: placeOf(redis),
      start: ({ fields: { value, ...fields } }) =>
        event(value === undefined || Object.keys(fields).length > 0 ? { ...fields, value } : read(value)),
    });
  }
  if (nats !== undefined)
    return natsSource({ ...nats, name, start: ({ subject, text }) => event(read(text), subject) });
  if (amqp !== undefined)
    return amqpSource({ ...amqp, name, start: ({ key, text }) => event(read(text), key) });
  if (kafka !== undefined)
    return kafkaSource({ ...kafka, name, start: ({ key, text }) => event(read(text), key) });
  if (imap !== undefined) {
    const { moveTo, ...settings } = polled(imap);
    return imapSource({
      ...settings,
      name,
      ...(moveTo !== undefined && { afterStart: { moveTo } }),
      start: (mail) => event(mail, mail.subject),
    });
  }
  if (git !== undefined)
    return gitSource({ ...polled(git), name, start: (commit) => event(commit, commit.id) });
  if (prometheus !== undefined) {
    const { bearer, ...settings } = polled(prometheus);
    return prometheusSource({
      ...settings,
      name,
      ...(bearer !== undefined && { auth: { bearer } }),
      start: (alert) => event(alert, alert.name),
    });
  }
  return filesOf(document);
}

function filesOf({ source: name, folder, sftp, s3 }: SourceDocument): Source {
  const start = (file: { readonly name: string }) => event(file, file.name);
  if (folder !== undefined) {
    const { path, ...settings } = polled(folder);
    return folderSource({ ...settings, name, folder: path, start });
  }
  if (sftp !== undefined) return sftpSource({ ...polled(sftp), name, start });
  assert(s3 !== undefined, "a checked source has one system", { name });
  return s3Source({ ...polled(s3), name, start });
}

/** Returns the event of a message. Triggers choose the workflow. */
function event(data: unknown, subject = ""): SourceStart {
  return { workflow: "", input: { data, subject } };
}

/** Returns a row without the columns of the outbox itself. */
function rowOf(row: object): object {
  const { started_at, finished_at, failure, tutti_id, ...own } = row as Readonly<Record<string, unknown>>;
  return own;
}

function placeOf({ stream, list, channel = "", take = "first" }: NonNullable<SourceDocument["redis"]>) {
  if (stream !== undefined) return { stream };
  return list === undefined ? { channel } : { list, take };
}

/** Reads a message as JSON with exact numbers if possible, otherwise as text. */
function read(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

function polled<Settings extends { readonly poll?: string }>({ poll, ...settings }: Settings) {
  return { ...settings, ...(poll !== undefined && { pollMs: parseDurationMs(poll) ?? 0 }) };
}
