/**
 * The keys of an installation in a copy of its data: sealed under a passphrase, or named, if they are kept elsewhere.
 *
 *     keys.sealed.json    the files of keys, encrypted by AES-256-GCM under a key that scrypt derives from the passphrase
 *     keys.named.json     their names and hashes: a restore requires exactly these files
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateModes, reasonOf } from "@tutti/kernel";
import * as z from "zod";
import { hostErrors } from "../errors.ts";
import { sha256Of } from "./file-list.ts";

/** Form of the keys in a copy. */
export const keysCopied = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("sealed"), directory: z.string(), passphrase: z.string().min(1) }),
  z.object({ kind: z.literal("named"), directory: z.string() }),
  /** There are no keys. */
  z.object({ kind: z.literal("none") }),
]);
export type KeysCopied = z.output<typeof keysCopied>;

export const sealedFile = "keys.sealed.json";
export const namedFile = "keys.named.json";

const sealedForm = z.object({
  format: z.literal(1),
  salt: z.base64(),
  nonce: z.base64(),
  tag: z.base64(),
  sealed: z.base64(),
});
const namedForm = z.object({
  format: z.literal(1),
  directory: z.string(),
  files: z.record(z.string(), z.string()),
});
const filesForm = z.record(z.string().regex(/^[\w.-]+$/), z.base64());
export type NamedKeys = z.output<typeof namedForm>;

const cipher = "aes-256-gcm";
const scrypt = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const keyBytes = 32;
const saltBytes = 16;
const nonceBytes = 12;

/** Returns the names of the files of keys. Empty if there is no such folder. */
export function keyFilesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => !name.endsWith(".new"));
}

export function copyKeys(keys: KeysCopied, target: string): void {
  if (keys.kind === "none") return;
  const files = new Map(
    keyFilesIn(keys.directory).map((name) => [name, readFileSync(join(keys.directory, name))]),
  );
  const options = { mode: privateModes.file, flush: true };
  if (keys.kind === "named") {
    const hashes = Object.fromEntries([...files].map(([name, content]) => [name, sha256Of(content)]));
    const named: NamedKeys = { format: 1, directory: keys.directory, files: hashes };
    writeFileSync(join(target, namedFile), `${JSON.stringify(named, undefined, 2)}\n`, options);
    return;
  }
  const texts = Object.fromEntries([...files].map(([name, content]) => [name, content.toString("base64")]));
  writeFileSync(
    join(target, sealedFile),
    `${JSON.stringify(sealed(JSON.stringify(texts), keys.passphrase))}\n`,
    options,
  );
}

function sealed(text: string, passphrase: string): z.output<typeof sealedForm> {
  const [salt, nonce] = [randomBytes(saltBytes), randomBytes(nonceBytes)];
  const sealing = createCipheriv(cipher, scryptSync(passphrase, salt, keyBytes, scrypt), nonce);
  const bytes = Buffer.concat([sealing.update(text, "utf8"), sealing.final()]);
  const parts = { salt, nonce, tag: sealing.getAuthTag(), sealed: bytes };
  const texts = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, part.toString("base64")]),
  );
  return sealedForm.parse({ format: 1, ...texts });
}

/** Returns the keys by name. Undefined if the passphrase is wrong or the file was changed. */
export function openSealed(copy: string, passphrase: string): ReadonlyMap<string, Buffer> | undefined {
  try {
    const parts = sealedForm.parse(JSON.parse(readFileSync(join(copy, sealedFile), "utf8")));
    const bytes = (text: string): Buffer => Buffer.from(text, "base64");
    const key = scryptSync(passphrase, bytes(parts.salt), keyBytes, scrypt);
    const opening = createDecipheriv(cipher, key, bytes(parts.nonce)).setAuthTag(bytes(parts.tag));
    const text = Buffer.concat([opening.update(bytes(parts.sealed)), opening.final()]).toString("utf8");
    const files = filesForm.parse(JSON.parse(text));
    return new Map(Object.entries(files).map(([name, content]) => [name, bytes(content)]));
  } catch {
    return;
  }
}

/** Returns whether a sealed file has a valid form. Its content can only be checked with the passphrase. */
export function isSealedForm(copy: string): boolean {
  try {
    return sealedForm.safeParse(JSON.parse(readFileSync(join(copy, sealedFile), "utf8"))).success;
  } catch {
    return false;
  }
}

/** Undefined if a copy names none. */
export function namedKeysIn(copy: string): NamedKeys | undefined {
  const file = join(copy, namedFile);
  if (!existsSync(file)) return;
  try {
    return namedForm.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw hostErrors.keyUnreadable({ file, problem: reasonOf(error) });
  }
}

/** Returns the named keys of a copy that are missing or changed in a folder. */
export function missingKeys({ files }: NamedKeys, directory: string): readonly string[] {
  return (
    Object.entries(files)
      // More files may have been added since.
      .filter(([name, hash]) => name !== "made" && !hasFile(join(directory, name), hash))
      .map(([name]) => name)
  );
}

function hasFile(file: string, hash: string): boolean {
  return existsSync(file) && sha256Of(readFileSync(file)) === hash;
}

/** Writes files of keys into a folder, unless a different file has the name. */
export function placeKeys(files: ReadonlyMap<string, Buffer>, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: privateModes.folder });
  for (const [name, content] of files) {
    const file = join(directory, name);
    if (!existsSync(file)) writeFileSync(file, content, { mode: privateModes.file, flush: true });
    else if (!readFileSync(file).equals(content))
      throw hostErrors.restoreRefused({ found: `another key at ${file} than the copy has` });
  }
}

/** A manually restored data directory may have sealed keys, or name missing ones. */
export function requireKeys(dataDirectory: string, keysDirectory: string): void {
  requireUnsealed(dataDirectory);
  const named = namedKeysIn(dataDirectory);
  const [missing] = named === undefined ? [] : missingKeys(named, keysDirectory);
  if (missing !== undefined) throw hostErrors.keyMissing({ file: join(keysDirectory, missing) });
}

export function requireUnsealed(dataDirectory: string): void {
  if (existsSync(join(dataDirectory, sealedFile))) throw hostErrors.keysSealed({ directory: dataDirectory });
}
