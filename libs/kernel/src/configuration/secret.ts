import { inspect } from "node:util";
import * as z from "zod";
import { kernelErrors } from "../errors/kernel-errors.ts";

/**
 * Secrets in the configuration are references, `env:NAME` or `file:/path`, never values.
 *
 * Invariants:
 * 1. A printed reference shows the place of the secret, never its value: the secret is not stored but read again at
 *    each `reveal`, so a rotated one is found.
 * 2. A value that is not a reference is refused without being printed: it may be the secret itself.
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

  /** Returns the secret. Pass it directly to the code that needs it. Never store, log or send it. */
  async reveal(): Promise<string> {
    return this.#checked(await this.#source.readLater());
  }

  /** Returns the secret synchronously, for libraries that cannot wait. */
  revealSync(): string {
    return this.#checked(this.#source.read());
  }

  /** Returns a description of the problem if the secret is missing. Undefined if it exists. */
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

/** Source of the secret of one reference. */
export interface SecretSource {
  read(): SecretFound;
  readLater(): Promise<SecretFound>;
}

/** The form of a reference. */
export const secretForm = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

const secretSchemas = z.registry<{ readonly secret: true }>();

/** Returns the schema of a key whose value is a secret: set as a reference, read as a `SecretReference`. */
export function secret() {
  const schema = z.instanceof(SecretReference);
  secretSchemas.add(schema, { secret: true });
  return schema;
}

export function isSecretSchema(schema: z.core.$ZodType): boolean {
  // A described schema is a copy, but the registry has the original.
  return secretSchemas.get(schema) !== undefined;
}
