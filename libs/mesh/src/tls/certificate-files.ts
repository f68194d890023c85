/**
 * The certificates of a process as files that may be replaced while it runs.
 *
 * 1. A certificate, its key and an authority are always used together as they were read.
 * 2. Files that do not match, as during a replacement, are ignored until they do. The last good ones stay in use.
 * 3. Open connections continue. New ones use the files that were read last.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { experimental } from "@grpc/grpc-js";
import type { Logger, Timer, Timers } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

interface CertificatePaths {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface Certificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface CertificateFilesParts {
  readonly paths: CertificatePaths;
  readonly refreshMs: number;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class CertificateFiles implements experimental.CertificateProvider {
  readonly #parts: CertificateFilesParts;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  #current: Certificates;
  #timer: Timer | undefined;
  /** Problem at the last look. */
  #problem = "";
  /** Problem that was found twice, and reported. */
  #reported = "";

  /** Reads the files. Rejects if they cannot be used. */
  static async open(parts: CertificateFilesParts): Promise<CertificateFiles> {
    return new CertificateFiles(parts, await read(parts.paths));
  }

  private constructor(parts: CertificateFilesParts, first: Certificates) {
    this.#parts = parts;
    this.#current = first;
    this.#timer = parts.timers.every(parts.refreshMs, () => {
      this.refresh().catch((error: unknown) =>
        this.#parts.logger.error("failed to refresh certificates", { error }),
      );
    });
  }

  /** Why the present files are not in use. Empty if they are, or may be in the middle of a replacement. */
  get problem(): string {
    return this.#reported;
  }

  /** Checks the files now. Resolves with whether they are new and in use. */
  async refresh(): Promise<boolean> {
    let found: Certificates;
    try {
      found = await read(this.#parts.paths);
      this.#problem = "";
      this.#reported = "";
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      // A problem that is seen once may be the middle of a replacement: several files change one after the other.
      if (problem === this.#problem && problem !== this.#reported) {
        this.#reported = problem;
        this.#parts.logger.warn("certificate files are invalid, keeping the previous ones", { error });
      }
      this.#problem = problem;
      return false;
    }
    if (same(found, this.#current)) return false;
    this.#current = found;
    this.#parts.logger.info("certificates replaced, new connections use them", {
      certificate: new X509Certificate(found.cert).subject,
      validTo: new X509Certificate(found.cert).validTo,
    });
    for (const listener of this.#identityListeners) listener(this.#identity());
    for (const listener of this.#caListeners) listener(this.#ca());
    return true;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  // grpc-js requests the present state after it has finished adding the listener.

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    process.nextTick(() => this.#caListeners.has(listener) && listener(this.#ca()));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    process.nextTick(() => this.#identityListeners.has(listener) && listener(this.#identity()));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  #ca(): experimental.CaCertificateUpdate {
    return { caCertificate: this.#current.ca };
  }

  #identity(): experimental.IdentityCertificateUpdate {
    return { certificate: this.#current.cert, privateKey: this.#current.key };
  }
}

async function read(paths: CertificatePaths): Promise<Certificates> {
  const files = `${paths.ca || "(no ca)"}, ${paths.cert || "(no cert)"} and ${paths.key || "(no key)"}`;
  try {
    const [ca, cert, key] = await Promise.all(
      [paths.ca, paths.cert, paths.key].map((path) => readFile(path)),
    );
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("a file is missing");
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      throw new Error("the key is not that of the certificate");
    }
    // Throws if it contains no certificate.
    new X509Certificate(ca);
    return { ca, cert, key };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw meshErrors.badCertificates({ files, reason }, { cause: error });
  }
}

function same(one: Certificates, other: Certificates): boolean {
  return one.ca.equals(other.ca) && one.cert.equals(other.cert) && one.key.equals(other.key);
}
