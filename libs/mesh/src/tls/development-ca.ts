/**
 * A certificate authority for one developer's machine: `npm run certs`. It makes, in one directory, an authority and
 * a certificate per service. What is there is kept, so that running services go on trusting each other.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "@tutti/kernel";
import { type Issuer, issue, newKeyPair } from "./certificate.ts";
import { spiffeIdOf } from "./peer.ts";

export interface DevelopmentCertificatesOptions {
  readonly directory: string;
  readonly services: readonly string[];
  /** Host names and IPv4 addresses besides localhost and 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Makes the services' certificates anew, also where there are some. The authority stays. */
  readonly rotate?: boolean;
  readonly validDays?: number;
  readonly clock?: Clock;
}

export interface DevelopmentCertificates {
  readonly ca: string;
  readonly services: Readonly<
    Record<string, { readonly cert: string; readonly key: string; readonly isNew: boolean }>
  >;
}

const authorityName = "Tutti development authority";
const dayMs = 86_400_000;
const authorityDays = 3_650;

/** Gives the paths of the files. */
export async function makeDevelopmentCertificates(
  options: DevelopmentCertificatesOptions,
): Promise<DevelopmentCertificates> {
  const { directory, services, hosts = [], rotate = false, validDays = 365, clock = systemClock } = options;
  await mkdir(directory, { recursive: true });
  const issuer = await authority(directory, clock);
  const made: Record<string, { cert: string; key: string; isNew: boolean }> = {};
  for (const service of services) {
    const cert = join(directory, `${service}.crt`);
    const key = join(directory, `${service}.key`);
    const isNew = rotate || (await exists(cert)) === undefined || (await exists(key)) === undefined;
    if (isNew) {
      const pair = newKeyPair();
      const nowMs = clock.now();
      const names = ["localhost", "127.0.0.1", service, ...hosts, spiffeIdOf(service)];
      const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + validDays * dayMs };
      const request = { name: service, publicKey: pair.publicKey, names, authority: false, ...validity };
      await replace(key, privatePem(pair.privateKey), 0o600);
      await replace(cert, issue(request, issuer), 0o644);
    }
    made[service] = { cert, key, isNew };
  }
  return { ca: join(directory, "ca.crt"), services: made };
}

async function authority(directory: string, clock: Clock): Promise<Issuer> {
  const certFile = join(directory, "ca.crt");
  const keyFile = join(directory, "ca.key");
  const known = await exists(keyFile);
  if (known !== undefined && (await exists(certFile)) !== undefined) {
    return { name: authorityName, key: createPrivateKey(known) };
  }
  const { privateKey: key } = newKeyPair();
  const issuer = { name: authorityName, key };
  const nowMs = clock.now();
  const certificate = issue(
    {
      name: authorityName,
      publicKey: createPublicKey(key),
      notBeforeMs: nowMs - dayMs,
      notAfterMs: nowMs + authorityDays * dayMs,
      names: [],
      authority: true,
    },
    issuer,
  );
  await replace(keyFile, privatePem(key), 0o600);
  await replace(certFile, certificate, 0o644);
  return issuer;
}

function privatePem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

/** Those who read the file see the old or the new one, never a part. */
async function replace(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}

async function exists(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined);
}
