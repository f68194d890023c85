/**
 * The keys of an installation: one that bundles and checkpoints are signed with, one that tokens are. They are made
 * when a data directory is used for the first time, and lie in files that only the process's user can read. Several
 * processes of an installation share the folder they are in. A backup has them sealed or names them: who has them is
 * the installation.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SigningKey } from "@tutti/contracts/governance/v1";
import { type Foundation, IdSource, toTimestamp } from "@tutti/kernel";
import { newTokenKey, publicTokenKey, type Signer, signerOf } from "@tutti/policy";
import { hostErrors } from "../errors.ts";
import { requireKeys } from "../storage/kept-keys.ts";
import { madeFile, madeList, noteMade } from "../storage/made-files.ts";
import { contentOf, makeKeysDirectory, readable, readOrMake } from "./key-files.ts";

type TokenKey = Awaited<ReturnType<typeof newTokenKey>>;

export interface InstallationKeys {
  readonly signer: Signer;
  /** The public part of what it signs with, as those that trust the installation know it. */
  readonly signingKey: SigningKey;
  /** The secret that tokens are signed with, as JWK. */
  readonly tokenKey: TokenKey;
  /** What of it others may know. */
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

/** Reads the keys in a folder. Makes those that are not there. Of several processes that make them at once one does. */
export async function openInstallationKeys(
  directory: string,
  ports: Pick<Foundation, "clock" | "chance">,
): Promise<InstallationKeys> {
  const ids = new IdSource(ports);
  await makeKeysDirectory(directory);
  const written = await readOrMake<WrittenSigningKey>(join(directory, signingFile), ids, async () => ({
    signingKeyId: ids.newId("key"),
    createMs: ports.clock.now(),
    seed: Buffer.from(ports.chance.fill(new Uint8Array(seedBytes))).toString("base64url"),
  }));
  const tokenKey = await readOrMake<TokenKey>(join(directory, tokenFile), ids, () =>
    newTokenKey(ids.newId("key")),
  );
  const { signer, signingKey } = signingPartOf(join(directory, signingFile), written);
  return { signer, signingKey, tokenKey, publicTokenKey: publicTokenKey(tokenKey) };
}

/** The same for a data directory, which knows whether it has had keys: none are made in the place of those. */
export async function openKeysOf(
  dataDirectory: string,
  directory: string,
  ports: Pick<Foundation, "clock" | "chance">,
): Promise<InstallationKeys> {
  if (dataDirectory === "") return openInstallationKeys(directory, ports);
  return inKeysOf(dataDirectory, directory, () => openInstallationKeys(directory, ports));
}

/** Opens keys of a data directory. Makes none if those that it has had are not there. */
export async function inKeysOf<Opened>(
  dataDirectory: string,
  directory: string,
  open: () => Promise<Opened>,
): Promise<Opened> {
  requireKeys(dataDirectory, directory);
  const isOwn = resolve(directory) === resolve(keysDirectoryIn(dataDirectory));
  const name = `keys/${madeList}`;
  const file = join(directory, madeList);
  if (isOwn && madeFile(dataDirectory, name) !== undefined && !existsSync(file))
    throw hostErrors.keyMissing({ file });
  await makeKeysDirectory(directory);
  const opened = await open();
  if (isOwn) noteMade(dataDirectory, name);
  return opened;
}

/** The signer, in the form of `access.trustedKey`. */
export function trustedKeyOf({ signingKey }: Pick<InstallationKeys, "signingKey">): string {
  return `${signingKey.signingKeyId}:${Buffer.from(signingKey.publicKey).toString("base64url")}`;
}

/** Returns the public part of the key in a folder. Undefined where none was made yet. */
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
