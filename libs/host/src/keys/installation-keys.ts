/**
 * The keys of an installation: one signs bundles and checkpoints, one signs tokens. They are created when a data
 * directory is used for the first time, in files that only the process's user can read. Several processes of an
 * installation share their folder. A backup contains them sealed or by name, because their holder is the installation.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SigningKey } from "@tutti/contracts/governance/v1";
import { type Foundation, IdSource, toTimestamp } from "@tutti/kernel";
import { newTokenKey, publicTokenKey, type Signer, signerOf } from "@tutti/policy";
import { hostErrors } from "../errors.ts";
import { requireKeys } from "../storage/copied-keys.ts";
import { listedFile, listFile, registerFile } from "../storage/file-list.ts";
import { contentOf, createKeysDirectory, readable, readOrCreate } from "./key-files.ts";

type TokenKey = Awaited<ReturnType<typeof newTokenKey>>;

export interface InstallationKeys {
  readonly signer: Signer;
  /** Public part of the signing key, for processes that trust the installation. */
  readonly signingKey: SigningKey;
  /** The secret that signs tokens, as JWK. */
  readonly tokenKey: TokenKey;
  /** Public part of the token key. */
  readonly publicTokenKey: TokenKey;
}

interface WrittenSigningKey {
  readonly signingKeyId: string;
  readonly createMs: number;
  /** 32 bytes, base64url: the secret. */
  readonly seed: string;
}

const seedBytes = 32;
const signingFile = "signing.json";
const tokenFile = "token.json";

export function keysDirectoryIn(dataDirectory: string): string {
  return join(dataDirectory, "keys");
}

/**
 * Reads the keys in a folder, and creates missing ones. If several processes do so at the same time, one creates them.
 */
export async function openInstallationKeys(
  directory: string,
  ports: Pick<Foundation, "clock" | "chance">,
): Promise<InstallationKeys> {
  const ids = new IdSource(ports);
  await createKeysDirectory(directory);
  const written = await readOrCreate<WrittenSigningKey>(join(directory, signingFile), ids, async () => ({
    signingKeyId: ids.newId("key"),
    createMs: ports.clock.now(),
    seed: Buffer.from(ports.chance.fill(new Uint8Array(seedBytes))).toString("base64url"),
  }));
  const tokenKey = await readOrCreate<TokenKey>(join(directory, tokenFile), ids, () =>
    newTokenKey(ids.newId("key")),
  );
  const { signer, signingKey } = signingPartOf(join(directory, signingFile), written);
  return { signer, signingKey, tokenKey, publicTokenKey: publicTokenKey(tokenKey) };
}

/** The same for a data directory, which records its keys: a missing recorded key is not replaced. */
export async function openKeysOf(
  dataDirectory: string,
  directory: string,
  ports: Pick<Foundation, "clock" | "chance">,
): Promise<InstallationKeys> {
  if (dataDirectory === "") return openInstallationKeys(directory, ports);
  return inKeysOf(dataDirectory, directory, () => openInstallationKeys(directory, ports));
}

/** Opens keys of a data directory. Creates none if a recorded key is missing. */
export async function inKeysOf<Opened>(
  dataDirectory: string,
  directory: string,
  open: () => Promise<Opened>,
): Promise<Opened> {
  requireKeys(dataDirectory, directory);
  const isOwn = resolve(directory) === resolve(keysDirectoryIn(dataDirectory));
  const name = `keys/${listFile}`;
  const file = join(directory, listFile);
  if (isOwn && listedFile(dataDirectory, name) !== undefined && !existsSync(file))
    throw hostErrors.keyMissing({ file });
  await createKeysDirectory(directory);
  const opened = await open();
  if (isOwn) registerFile(dataDirectory, name);
  return opened;
}

/** Returns the signer in the form of `access.trustedKey`. */
export function trustedKeyOf({ signingKey }: Pick<InstallationKeys, "signingKey">): string {
  return `${signingKey.signingKeyId}:${Buffer.from(signingKey.publicKey).toString("base64url")}`;
}

/** Returns the public part of the key in a folder. Undefined if there is none yet. */
export function signingKeyIn(directory: string): SigningKey | undefined {
  const file = join(directory, signingFile);
  const written = contentOf<WrittenSigningKey>(file);
  return written === undefined ? undefined : signingPartOf(file, written).signingKey;
}

function signingPartOf(
  file: string,
  { signingKeyId, createMs, seed }: WrittenSigningKey,
): Pick<InstallationKeys, "signer" | "signingKey"> {
  const signer = readable(file, () => signerOf(Buffer.from(seed, "base64url")));
  const { publicKey } = signer;
  const startTime = toTimestamp(createMs);
  return { signer, signingKey: SigningKey.fromPartial({ signingKeyId, publicKey, startTime }) };
}
