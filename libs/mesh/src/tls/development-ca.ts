/**
 * A certificate authority for one developer's machine: `npm run certs`. It creates, in one directory, an authority and
 * a certificate per service. Existing certificates are kept, so that running services continue trusting each other.
 *
 * An authority is replaced in three steps. Between them, running services load the new files. So no service ever
 * presents a certificate that another does not trust yet:
 *
 * 1. the next one is trusted in addition to the present one, which continues signing;
 * 2. the next one signs all certificates again, and both are trusted;
 * 3. the former one is no longer trusted.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, replaceFile, systemClock } from "@tutti/kernel";
import { type Issuer, issue, newKeyPair } from "./certificate.ts";
import { spiffeIdOf } from "./peer.ts";

export interface DevelopmentCertificatesOptions {
  readonly directory: string;
  readonly services: readonly string[];
  /** Host names and IPv4 addresses besides localhost and 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Recreates the services' certificates, including existing ones. The authority stays. */
  readonly rotate?: boolean;
  /** Performs the next step of the replacement of the authority. */
  readonly nextAuthority?: boolean;
  readonly validDays?: number;
  readonly clock?: Clock;
}

/** Progress of the replacement of an authority. `settled` if there is only one. */
export type AuthorityStage = "settled" | "next_is_trusted" | "next_signs";

export interface DevelopmentCertificates {
  readonly ca: string;
  readonly authority: AuthorityStage;
  readonly services: Readonly<
    Record<string, { readonly cert: string; readonly key: string; readonly isNew: boolean }>
  >;
}

const authorityName = "Tutti development authority";
const dayMs = 86_400_000;
const authorityDays = 3_650;

/** Returns the paths of the files. */
export async function createDevelopmentCertificates(
  options: DevelopmentCertificatesOptions,
): Promise<DevelopmentCertificates> {
  const { directory, nextAuthority = false, rotate = false, clock = systemClock } = options;
  await mkdir(directory, { recursive: true });
  const files = filesIn(directory);
  const key = await authorityKey(files, clock);
  const before = await stageIn(files);
  if (nextAuthority && before === "settled") await trustNext(files, clock);
  const activatesNext = nextAuthority && before === "next_is_trusted";
  const signing = activatesNext ? createPrivateKey(await readFile(files.nextKey)) : key;
  const known = activatesNext ? await servicesIn(directory) : [];
  const certifyOptions = { ...options, services: [...new Set([...options.services, ...known])] };
  const services = await certify(
    certifyOptions,
    rotate || activatesNext,
    { name: authorityName, key: signing },
    clock,
  );
  // Last, so that an interrupted step is repeated.
  if (activatesNext) await replaceFile(files.nextKey, files.key);
  if (nextAuthority && before === "next_signs") await trustAlone(files, signing);
  return { ca: files.cert, authority: await stageIn(files), services };
}

interface AuthorityFiles {
  /** All trusted authorities. */
  readonly cert: string;
  readonly key: string;
  /** Exists between the first and the second step. */
  readonly nextKey: string;
}

function filesIn(directory: string): AuthorityFiles {
  const at = (name: string) => join(directory, name);
  return { cert: at("ca.crt"), key: at("ca.key"), nextKey: at("ca.next.key") };
}

async function stageIn({ cert, nextKey }: AuthorityFiles): Promise<AuthorityStage> {
  if ((await exists(nextKey)) !== undefined) return "next_is_trusted";
  return certificatesIn(String(await exists(cert))).length > 1 ? "next_signs" : "settled";
}

async function certify(
  { directory, services, hosts = [], validDays = 365 }: DevelopmentCertificatesOptions,
  isForced: boolean,
  issuer: Issuer,
  clock: Clock,
) {
  const certificates: Record<string, { cert: string; key: string; isNew: boolean }> = {};
  for (const service of services) {
    const cert = join(directory, `${service}.crt`);
    const key = join(directory, `${service}.key`);
    const isNew = isForced || (await exists(cert)) === undefined || (await exists(key)) === undefined;
    if (isNew) {
      const pair = newKeyPair();
      const nowMs = clock.now();
      const names = ["localhost", "127.0.0.1", service, ...hosts, spiffeIdOf(service)];
      const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + validDays * dayMs };
      const request = { name: service, publicKey: pair.publicKey, names, authority: false, ...validity };
      await replace(key, privatePem(pair.privateKey), 0o600);
      await replace(cert, issue(request, issuer), 0o644);
    }
    certificates[service] = { cert, key, isNew };
  }
  return certificates;
}

/** Returns the services with a certificate here. */
async function servicesIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".crt"));
  return names.map((name) => name.slice(0, -".crt".length)).filter((name) => name !== "ca");
}

async function authorityKey({ cert, key }: AuthorityFiles, clock: Clock): Promise<KeyObject> {
  const known = await exists(key);
  if (known !== undefined && (await exists(cert)) !== undefined) return createPrivateKey(known);
  const authority = newAuthority(clock);
  await replace(key, privatePem(authority.key), 0o600);
  await replace(cert, authority.certificate, 0o644);
  return authority.key;
}

async function trustNext({ cert, nextKey }: AuthorityFiles, clock: Clock): Promise<void> {
  const authority = newAuthority(clock);
  const trusted = await readFile(cert, "utf8");
  await replace(cert, trusted + authority.certificate, 0o644);
  await replace(nextKey, privatePem(authority.key), 0o600);
}

async function trustAlone({ cert }: AuthorityFiles, key: KeyObject): Promise<void> {
  const own = certificatesIn(await readFile(cert, "utf8")).filter((pem) =>
    new X509Certificate(pem).checkPrivateKey(key),
  );
  await replace(cert, own.join(""), 0o644);
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
}

function newAuthority(clock: Clock): { readonly key: KeyObject; readonly certificate: string } {
  const { privateKey: key } = newKeyPair();
  const nowMs = clock.now();
  const request = {
    name: authorityName,
    publicKey: createPublicKey(key),
    names: [],
    authority: true,
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + authorityDays * dayMs,
  };
  return { key, certificate: issue(request, { name: authorityName, key }) };
}

function privatePem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

/** Readers see the old or the new file, never a part. */
async function replace(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode });
  await replaceFile(temporary, path);
}

async function exists(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined);
}
