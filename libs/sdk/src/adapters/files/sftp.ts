/**
 * Files of an SFTP server, by the client `ssh2`.
 *
 * 1. The key of the server is always checked before any data is sent.
 * 2. The URL and the private key are secrets. A changed secret takes effect with the next call.
 * 3. The next call replaces a broken connection. Calls in progress fail, and can be repeated.
 */
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { isTuttiError } from "@tutti/kernel";
import type { Client, SFTPWrapper, Stats } from "ssh2";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { Adapter, SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";
import type { Source } from "../source.ts";
import {
  type FileCall,
  type FileEntry,
  type FilePlace,
  type FilesOptions,
  filesAdapterOf,
  filesOptionNames,
  foldersAbove,
  partOf,
  partPrefix,
  tooLarge,
  tooMany,
} from "./place.ts";
import { type FilesSourceOptions, filesSourceOf, filesSourceOptionNames } from "./source.ts";

export interface SftpOptions {
  readonly name: string;
  /** Refers to a URL such as `sftp://user:password@host:22/folder`. Paths are below its folder. */
  readonly url: SecretReference;
  /** Fingerprints of the server's keys, such as `SHA256:4Bs…`. `ssh-keyscan HOST | ssh-keygen -lf -` prints them. */
  readonly hostKeys: readonly string[];
  /** Refers to a private key in the form of OpenSSH or PEM. Then the URL has no password. */
  readonly privateKey?: SecretReference;
  /** Refers to the passphrase of the private key. */
  readonly passphrase?: SecretReference;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

const placeOptionNames: OptionNames<SftpOptions> = {
  name: true,
  url: true,
  hostKeys: true,
  privateKey: true,
  passphrase: true,
  connectMs: true,
};

/** Files of an SFTP server as operations. */
export function sftpAdapter(options: FilesOptions & SftpOptions): Adapter {
  requireKnown("sftpAdapter", options, { ...filesOptionNames, ...placeOptionNames });
  return filesAdapterOf("sftp", options, new SftpPlace(options));
}

/** Returns a source that starts runs of files of an SFTP server. */
export function sftpSource(options: FilesSourceOptions & SftpOptions): Source {
  requireKnown("sftpSource", options, { ...filesSourceOptionNames, ...placeOptionNames });
  return filesSourceOf("sftp-source", options, new SftpPlace(options));
}

const defaults = { connectMs: 10_000 };
const usualPort = 22;
/** Interval of keep-alive messages. A server that misses three of them is disconnected. */
const keepAliveMs = 10_000;

type Driver = typeof import("ssh2");

interface Credentials {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly privateKey: string;
  readonly passphrase: string;
  readonly folder: string;
}

interface Opened {
  readonly text: string;
  readonly folder: string;
  readonly client: Client;
  readonly ready: Promise<SFTPWrapper>;
  isOver: boolean;
}

class SftpPlace implements FilePlace {
  readonly #options: SftpOptions;
  #opened: Opened | undefined;

  constructor(options: SftpOptions) {
    this.#options = options;
    const { name, url, hostKeys } = options;
    requireReference(name, url, "env:SHOP_SFTP");
    if (hostKeys.length === 0 || hostKeys.some((key) => !/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(key)))
      throw adapterErrors.invalid({
        adapter: name,
        problem: "expected fingerprints such as `SHA256:…` in `hostKeys`",
      });
  }

  close(): void {
    this.#opened?.client.destroy();
    this.#opened = undefined;
  }

  check(call: FileCall): Promise<void> {
    return this.#use(call, async ({ sftp, at }) => {
      await done<Stats>((end) => sftp.stat(at(""), end));
    });
  }

  list(folder: string, max: number, call: FileCall): Promise<readonly FileEntry[]> {
    return this.#use(call, async ({ sftp, at }) => {
      const found: FileEntry[] = [];
      for (const folders = [folder]; folders.length > 0; ) {
        const next = folders.shift() ?? "";
        const all = await done<readonly { filename: string; attrs: Stats }[]>((end) =>
          sftp.readdir(at(next), end),
        ).catch(otherwise([]));
        for (const { filename, attrs } of all) {
          const path = next === "" ? filename : `${next}/${filename}`;
          if (attrs.isDirectory()) folders.push(path);
          else if (attrs.isFile() && !filename.startsWith(partPrefix)) found.push(entryOf(path, attrs));
          if (found.length > max) throw tooMany(call, max);
        }
      }
      return found.toSorted((one, other) => (one.path < other.path ? -1 : 1));
    });
  }

  info(path: string, call: FileCall): Promise<FileEntry | undefined> {
    return this.#use(call, async ({ sftp, at }) => {
      const about = await done<Stats>((end) => sftp.stat(at(path), end)).catch(otherwise(undefined));
      return about?.isFile() === true ? entryOf(path, about) : undefined;
    });
  }

  read(path: string, bytesMax: number, call: FileCall): Promise<Buffer | undefined> {
    return this.#use(call, async ({ sftp, at }) => {
      const about = await done<Stats>((end) => sftp.stat(at(path), end)).catch(otherwise(undefined));
      if (about === undefined) return undefined;
      if (about.size > bytesMax) throw tooLarge(call, bytesMax);
      const bytes = await done<Buffer>((end) => sftp.readFile(at(path), end)).catch(otherwise(undefined));
      // The file may grow during the read.
      if (bytes !== undefined && bytes.length > bytesMax) throw tooLarge(call, bytesMax);
      return bytes;
    });
  }

  write(path: string, bytes: Uint8Array, call: FileCall): Promise<void> {
    return this.#use(call, async ({ sftp, at }) => {
      await createFolders(sftp, at, path);
      const part = at(partOf(path, call));
      const handle = await done<Buffer>((end) => sftp.open(part, "w", end));
      try {
        if (bytes.length > 0)
          await done<void>((end) => sftp.write(handle, Buffer.from(bytes), 0, bytes.length, 0, end));
        await done<void>((end) => sftp.ext_openssh_fsync(handle, end)).catch(ifUnsupported);
      } finally {
        await done<void>((end) => sftp.close(handle, end));
      }
      await replace(sftp, part, at(path));
    });
  }

  remove(path: string, call: FileCall): Promise<boolean> {
    return this.#use(call, ({ sftp, at }) =>
      done<void>((end) => sftp.unlink(at(path), end))
        .then(() => true)
        .catch(otherwise(false)),
    );
  }

  move(from: string, to: string, call: FileCall): Promise<boolean> {
    return this.#use(call, async ({ sftp, at }) => {
      const about = await done<Stats>((end) => sftp.stat(at(from), end)).catch(otherwise(undefined));
      if (about === undefined) return false;
      await createFolders(sftp, at, to);
      return await replace(sftp, at(from), at(to))
        .then(() => true)
        .catch(otherwise(false));
    });
  }

  async #use<T>(
    call: FileCall,
    work: (at: { readonly sftp: SFTPWrapper; at(path: string): string }) => Promise<T>,
  ): Promise<T> {
    call.signal.throwIfAborted();
    const driver = await clientFor(this.#options.name, "ssh2", () => import("ssh2"));
    const credentials = await this.#credentials(call);
    const text = JSON.stringify(credentials);
    if (this.#opened?.text !== text || this.#opened.isOver) {
      this.close();
      this.#opened = this.#open(driver, credentials, text);
    }
    const { ready, folder } = this.#opened;
    try {
      return await orAborted(call.signal, async () =>
        work({
          sftp: await ready,
          at: (path) => (path === "" ? folder : `${folder.replace(/\/$/, "")}/${path}`),
        }),
      );
    } catch (error) {
      if (call.signal.aborted || isTuttiError(error)) throw error;
      throw failureOf(call.operation, error, credentials);
    }
  }

  async #credentials({ secret }: FileCall): Promise<Credentials> {
    const { name, url: reference, privateKey, passphrase } = this.#options;
    const [key, phrase] = [
      privateKey && (await secret(privateKey)),
      passphrase && (await secret(passphrase)),
    ];
    const text = await secret(reference);
    try {
      const url = new URL(text);
      if (url.protocol !== "sftp:" || url.hostname === "") throw new Error("another scheme");
      requireParameters(name, reference, text);
      return {
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: Number(url.port || usualPort),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        privateKey: key ?? "",
        passphrase: phrase ?? "",
        folder: decodeURIComponent(url.pathname).replace(/^\/~(?=\/|$)/, ".") || ".",
      };
    } catch (error) {
      if (isTuttiError(error)) throw error;
      // The cause would quote the URL, which has the password.
      throw adapterErrors.invalid({
        adapter: name,
        problem: `${reference} has no URL such as sftp://user:password@host:22/folder`,
      });
    }
  }

  #open({ Client: SshClient }: Driver, credentials: Credentials, text: string): Opened {
    const { host, port, user, password, privateKey, passphrase, folder } = credentials;
    const { connectMs = defaults.connectMs, hostKeys } = this.#options;
    const client = new SshClient();
    const ready = Promise.withResolvers<SFTPWrapper>();
    const opened: Opened = { text, folder, client, ready: ready.promise, isOver: false };
    ready.promise.catch(() => {});
    const sock: Socket = connect({ host, port });
    let problem: Error | undefined;
    const end = (error?: Error) => {
      opened.isOver = true;
      ready.reject(problem ?? error ?? new Error("the connection was closed"));
      client.destroy();
      sock.destroy();
    };
    sock.on("error", end);
    client.on("error", end);
    client.on("close", () => end());
    client.on("ready", () =>
      client.sftp((error, sftp) => {
        if (error !== undefined) return end(error);
        sftp.on("close", () => end());
        // An idle connection must not keep the process alive.
        sock.unref();
        ready.resolve(sftp);
      }),
    );
    try {
      client.connect({
        sock,
        host,
        port,
        username: user,
        readyTimeout: connectMs,
        keepaliveInterval: keepAliveMs,
        ...(password !== "" && { password }),
        ...(privateKey !== "" && { privateKey }),
        ...(passphrase !== "" && { passphrase }),
        hostVerifier: (key: Buffer) => {
          const found = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
          const isKnown = hostKeys.some((each) => each.replace(/=$/, "") === found);
          if (!isKnown)
            problem = new HostKeyUnknown(`the server has the key ${found}, which is not in \`hostKeys\``);
          return isKnown;
        },
      });
    } catch (error) {
      // The private key cannot be read.
      end(error as Error);
    }
    return opened;
  }
}

class HostKeyUnknown extends Error {}

/** Converts a callback of the client to a promise. */
function done<T>(work: (end: (error?: Error | null, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    work((error, value) => {
      if (error) reject(error);
      else resolve(value as T);
    });
  });
}

const codes = { missing: 2, denied: 3, failure: 4, unsupported: 8 };

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** Returns a value instead of the error for a missing file. */
function otherwise<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === codes.missing) return value;
    throw error;
  };
}

function isUnsupported(error: unknown): boolean {
  return (
    codeOf(error) === codes.unsupported ||
    (error instanceof Error && /does not support this ext/i.test(error.message))
  );
}

function ifUnsupported(error: unknown): void {
  if (!isUnsupported(error)) throw error;
}

/** Renames a file. SFTP's rename refuses to replace a file. The extension of OpenSSH replaces it atomically. */
async function replace(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
  try {
    await done<void>((end) => sftp.ext_openssh_rename(from, to, end));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    await done<void>((end) => sftp.unlink(to, end)).catch(otherwise(undefined));
    await done<void>((end) => sftp.rename(from, to, end));
  }
}

async function createFolders(sftp: SFTPWrapper, at: (path: string) => string, path: string): Promise<void> {
  for (const folder of foldersAbove(path)) {
    const about = await done<Stats>((end) => sftp.stat(at(folder), end)).catch(otherwise(undefined));
    if (about !== undefined) continue;
    await done<void>((end) => sftp.mkdir(at(folder), end)).catch(async (error: unknown) => {
      // Another attempt may have created it meanwhile.
      await done<Stats>((end) => sftp.stat(at(folder), end)).catch(() => {
        throw error;
      });
    });
  }
}

const secondMs = 1_000;

function entryOf(path: string, { size, mtime }: Stats): FileEntry {
  return { path, size, modified: new Date(mtime * secondMs).toISOString() };
}

/** Converts an error. The cause is left out because it may refer to the client's options, which have the password. */
function failureOf(
  operation: string,
  error: unknown,
  { host, port, password, privateKey }: Credentials,
): Error {
  const {
    message = String(error),
    code,
    level,
  } = error as {
    readonly message?: string;
    readonly code?: unknown;
    readonly level?: string;
  };
  const details = { operation, reason: withoutSecrets(message, [password, privateKey]) };
  if (error instanceof HostKeyUnknown) return adapterErrors.refused(details);
  if (level === "client-authentication" || /privateKey|passphrase/i.test(message))
    return adapterErrors.notSignedIn(details);
  if (code === codes.missing)
    return adapterErrors.refused({ operation, reason: "there is no such file or folder" });
  if (code === codes.denied) return adapterErrors.refused({ operation, reason: "the server denies it" });
  // The server gives no reason, such as a full disk, or a folder instead of a file.
  if (code === codes.failure) return adapterErrors.failed(details);
  return adapterErrors.unreachable({
    operation,
    reason: unreachableReason(String(code ?? ""), `${host}:${port}: ${details.reason}`, { host, port }),
  });
}
