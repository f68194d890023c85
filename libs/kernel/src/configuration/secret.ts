import { inspect } from "node:util";
import * as z from "zod";
import { kernelErrors } from "../errors/kernel-errors.ts";

/**
 * Secrets in the configuration are references, `env:NAME` or `file:/path`, never values.
 *
 * Invariants:
 * 1. A printed reference shows the place of the secret, never its value: the secret is not kept, it is read again
 *    each time it is revealed, so a rotated one is found.
 * 2. A value that is no reference is refused without being repeated: it may be the secret itself.
 */
export class SecretReference {
  /** `env:NAME` or `file:/path`, as configured. */
  readonly reference: string;
  readonly #source: SecretSource;

  constructor(reference: string, source: SecretSource) {
    this.reference = reference;
    this.#source = source;
    Object.freeze(this);
  }

  /** Returns the secret. Hand it to what needs it at once. Never keep, log or send it. */
  async reveal(): Promise<string> {
    return this.#checked(await this.#source.readLater());
  }

  /** The same, blocking: for libraries that cannot wait. */
  revealSync(): string {
    return this.#checked(this.#source.read());
  }

  /** What was found in place of the secret. Undefined when it is there. */
  missing(): string | undefined {
    const found = this.#source.read();
    return "secret" in found ? undefined : found.missing;
  }

  toString(): string {
    return this.reference;
  }

  toJSON(): string {
    return this.reference;
  }

  [inspect.custom](): string {
    return `SecretReference(${this.reference})`;
  }

  #checked(found: SecretFound): string {
    if ("secret" in found) return found.secret;
    throw kernelErrors.secretUnavailable({ reference: this.reference, reason: found.missing });
  }
}

export type SecretFound = { readonly secret: string } | { readonly missing: string };

/** Where the secret of one reference is read. */
export interface SecretSource {
  read(): SecretFound;
  readLater(): Promise<SecretFound>;
}

/** What a reference looks like. */
export const secretForm = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

const secretSchemas = z.registry<{ readonly secret: true }>();

/** The schema of a key whose value is a secret: set to a reference, read as a `SecretReference`. */
export function secret() {
  const schema = z.instanceof(SecretReference);
  secretSchemas.add(schema, { secret: true });
  return schema;
}

export function isSecretSchema(schema: z.core.$ZodType): boolean {
  // A described schema is a copy. The registry knows it by its original.
  return secretSchemas.get(schema) !== undefined;
}
