/**
 * Removes the secrets of an attempt from its reports: in an output, an error, progress or a line of its log, the name
 * replaces the secret. This is the net below a handler, not a licence. Data that the handler writes elsewhere is not
 * checked, and neither is a changed secret, except for the common encodings.
 */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { LogFields, Logger, LogLevel } from "@tutti/kernel";

/** A shorter secret occurs in so much other text that masking it would make all output unreadable. */
const lengthMin = 4;

export class Masks {
  /** The longest first: one secret may be part of another. */
  #masks: readonly (readonly [string, string])[] = [];

  add(name: string, value: string): void {
    if (value.length < lengthMin) return;
    const bytes = Buffer.from(value);
    const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
    const coded = [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")];
    const known = new Map(this.#masks);
    for (const form of [...forms, ...coded]) known.set(form, `[secret ${name}]`);
    this.#masks = [...known].sort(([one], [other]) => other.length - one.length);
  }

  text(text: string): string {
    let masked = text;
    for (const [form, mask] of this.#masks) if (masked.includes(form)) masked = masked.replaceAll(form, mask);
    return masked;
  }

  /** As JSON has it: texts, and the names of fields. */
  json(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    // A number with more digits than a double.
    if ("isRawJSON" in JSON && JSON.isRawJSON(value)) return value;
    if (Array.isArray(value)) return value.map((each) => this.json(each));
    const ownJson = (value as { readonly toJSON?: unknown }).toJSON;
    if (typeof ownJson === "function") return this.json(ownJson.call(value));
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [this.text(name), this.json(each)]),
    );
  }

  bytes(content: Uint8Array): Uint8Array {
    // Latin 1 maps each byte to one character and back without a change, so encoded forms are found too.
    const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString("latin1");
    let masked = text;
    for (const [form, mask] of this.#masks)
      masked = masked.replaceAll(Buffer.from(form).toString("latin1"), mask);
    return masked === text ? content : Buffer.from(masked, "latin1");
  }

  error(detail: ErrorDetail): ErrorDetail {
    const { code, message, details, cause, violations } = detail;
    return {
      ...detail,
      code: this.text(code),
      message: this.text(message),
      details: this.json(details) as ErrorDetail["details"],
      violations: violations.map((violation) => ({ ...violation, message: this.text(violation.message) })),
      cause: cause && this.error(cause),
    };
  }

  logger(inner: Logger): Logger {
    const line = (level: LogLevel) => (message: string, fields?: LogFields) =>
      inner[level](this.text(message), fields && this.#fields(fields));
    return {
      trace: line("trace"),
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      fatal: line("fatal"),
      enabled: (level) => inner.enabled(level),
      child: (fields) => this.logger(inner.child(this.#fields(fields))),
    };
  }

  #fields(fields: LogFields): LogFields {
    const masked = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? this.text(value.stack ?? value.message) : this.json(value),
    ]);
    return Object.fromEntries(masked);
  }
}
