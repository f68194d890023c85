/**
 * The key that encrypts tokens of attempts. All processes of an installation have the same key after each start,
 * because the token identifies the result of an attempt.
 *
 * A single process stores it with the other keys of the installation. The processes of a cluster share it: the first
 * one creates it in NATS.
 */
import { join } from "node:path";
import { type Chance, type Component, type Foundation, IdSource } from "@tutti/kernel";
import type { Bucket, NatsConnection } from "@tutti/nats";
import { TokenCipher, tokenKeyBytes } from "@tutti/runtime";
import { hostErrors } from "../errors.ts";
import { inKeysOf, keysDirectoryIn } from "./installation-keys.ts";
import { contentOf, readable, readOrCreate } from "./key-files.ts";

interface WrittenAttemptKey {
  readonly createMs: number;
  /** 16 bytes, base64url: the secret. */
  readonly key: string;
}

const attemptKeyFile = "attempts.json";
const bucketName = "tutti_installation_keys";
const bucketKey = "attempts";

export interface AttemptKeyParts {
  readonly cipher: TokenCipher;
  readonly foundation: Pick<Foundation, "clock" | "chance">;
  /** Undefined if the process stores nothing: then each start has a new key. */
  readonly dataDirectory: string | undefined;
  /** Directory of the keys. Empty means the data directory. */
  readonly keysDirectory: string;
  /** Set in a cluster. */
  readonly shared: { readonly connection: Promise<NatsConnection>; readonly replicas: number } | undefined;
}

/** Opens the cipher before services start: by then this process has the data directory. */
export function attemptKey({ cipher, ...parts }: AttemptKeyParts) {
  return {
    start: async ({ signal }: { readonly signal: AbortSignal }) => cipher.open(await keyOf(parts, signal)),
  } satisfies Component;
}

/** The key of a process, created only if a service requests the cipher. */
export class TokenKeys {
  readonly #parts: () => Omit<AttemptKeyParts, "cipher">;
  readonly #cipher = new TokenCipher();
  component: Component | undefined = undefined;

  constructor(parts: () => Omit<AttemptKeyParts, "cipher">) {
    this.#parts = parts;
  }

  cipher(): TokenCipher {
    this.component ??= attemptKey({ ...this.#parts(), cipher: this.#cipher });
    return this.#cipher;
  }
}

async function keyOf(parts: Omit<AttemptKeyParts, "cipher">, signal: AbortSignal): Promise<Uint8Array> {
  const { foundation, dataDirectory, keysDirectory, shared } = parts;
  if (shared !== undefined) {
    const candidate = newKey(foundation.chance);
    return sharedAttemptKey(await shared.connection, { replicas: shared.replicas, candidate, signal });
  }
  if (dataDirectory === undefined) return newKey(foundation.chance);
  return attemptKeyIn(dataDirectory, keysDirectory || keysDirectoryIn(dataDirectory), foundation);
}

async function attemptKeyIn(
  dataDirectory: string,
  directory: string,
  ports: Pick<Foundation, "clock" | "chance">,
): Promise<Uint8Array> {
  const file = join(directory, attemptKeyFile);
  const { key } = await inKeysOf(dataDirectory, directory, () =>
    readOrCreate<WrittenAttemptKey>(file, new IdSource(ports), () => ({
      createMs: ports.clock.now(),
      key: Buffer.from(newKey(ports.chance)).toString("base64url"),
    })),
  );
  return readable(file, () => requireLength(Buffer.from(key, "base64url")));
}

/** Returns the key in a data directory. Undefined if there is none yet. */
export function attemptKeyOf(dataDirectory: string): Uint8Array | undefined {
  const file = join(keysDirectoryIn(dataDirectory), attemptKeyFile);
  const written = contentOf<WrittenAttemptKey>(file);
  return written && readable(file, () => requireLength(Buffer.from(written.key, "base64url")));
}

/** Returns the key that processes share: the one that was created first. Retries while NATS does not answer. */
export async function sharedAttemptKey(
  connection: NatsConnection,
  { replicas, candidate, signal }: { replicas: number; candidate: Uint8Array; signal: AbortSignal },
): Promise<Uint8Array> {
  const { natsErrors, openBucket } = await import("@tutti/nats");
  const place = `${bucketName}/${bucketKey} of NATS`;
  const readFrom = async (bucket: Bucket) => {
    if ((await bucket.create(bucketKey, candidate)).written) return candidate;
    const found = await bucket.get(bucketKey);
    if (found === undefined) throw hostErrors.keyMissing({ file: place });
    return found.value;
  };
  for (let failures = 1; ; failures++)
    try {
      const bucket = await openBucket(connection, { name: bucketName, replicas }, signal);
      const read = () => readFrom(bucket);
      const key = await connection.persist("reading of the key of attempts", read, signal);
      return readable(place, () => requireLength(key));
    } catch (error) {
      // Another process has just created the bucket, and the server of this connection does not know it yet.
      if (!natsErrors.missing.is(error) || failures === missingMax) throw error;
      await connection.pause(failures, signal);
    }
}

const missingMax = 20;

function newKey(chance: Chance): Uint8Array {
  return chance.fill(new Uint8Array(tokenKeyBytes));
}

function requireLength(key: Uint8Array): Uint8Array {
  if (key.length !== tokenKeyBytes) throw new Error(`${key.length} bytes, not ${tokenKeyBytes}`);
  return key;
}
