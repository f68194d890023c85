import { safe } from "../terminal/text.ts";
import { readDurationMs, readMomentMs } from "../terminal/time.ts";
import { usageFailure } from "./failure.ts";

type ParsedValues = ReadonlyMap<string, readonly string[]>;

/** No option has this name. It holds the keys of the configuration among the words. */
export const configKeys = ".";

/** @param name of the argument or option, for the error */
export function wholeNumber(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageFailure(`${name}: expected a whole number, got \`${safe(text)}\``);
}

/** The arguments and options of a command line, by name. */
export class Values {
  readonly #arguments: ParsedValues;
  readonly #options: ParsedValues;

  constructor(named: ParsedValues, options: ParsedValues) {
    this.#arguments = named;
    this.#options = options;
  }

  /** Returns a required argument. */
  argument(name: string): string {
    return this.#arguments.get(name)?.[0] ?? "";
  }

  optionalArgument(name: string): string | undefined {
    return this.#arguments.get(name)?.[0];
  }

  manyArguments(name: string): readonly string[] {
    return this.#arguments.get(name) ?? [];
  }

  flag(name: string): boolean {
    return this.#options.get(name)?.at(-1) === "true";
  }

  text(name: string): string | undefined {
    return this.#options.get(name)?.[0];
  }

  /** Returns all values of an option. One word may have several, separated by commas. */
  list(name: string): string[] {
    return (this.#options.get(name) ?? []).flatMap((text) => text.split(",")).filter((part) => part !== "");
  }

  texts(name: string): readonly string[] {
    return this.#options.get(name) ?? [];
  }

  /** Returns configuration keys as written: `--log.level=debug`. */
  keys(): readonly string[] {
    return this.#options.get(configKeys) ?? [];
  }

  integer(name: string, least = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^-\d{1,9}$/.test(text) ? Number(text) : wholeNumber(text, `--${name}`);
    if (value < least) throw usageFailure(`--${name}: expected at least ${least}, got ${value}`);
    return value;
  }

  durationMs(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const durationMs = readDurationMs(text);
    if (durationMs === undefined)
      throw usageFailure(`--${name}: expected a duration such as 30s or 1h30m, got \`${text}\``);
    return durationMs;
  }

  momentMs(name: string, nowMs: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const momentMs = readMomentMs(text, nowMs);
    if (momentMs === undefined)
      throw usageFailure(
        `--${name}: expected a time such as 2h (ago), 2026-03-01 or 2026-03-01T14:00Z, got \`${text}\``,
      );
    return momentMs;
  }

  /** Returns the time from `--since` to `--until`. Throws if it is empty. */
  pastSpan(nowMs: number): { readonly fromMs?: number; readonly toMs?: number } {
    const [fromMs, toMs] = [this.momentMs("since", nowMs), this.momentMs("until", nowMs)];
    if (fromMs !== undefined && fromMs >= (toMs ?? nowMs))
      throw usageFailure(
        `--since: expected a time before ${toMs === undefined ? "now" : "--until"}, got \`${safe(this.text("since") ?? "")}\``,
      );
    return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
  }

  /** Returns the argument or option, as written, whose value is or includes the text. */
  nameOf(text: string): string | undefined {
    if (text === "") return undefined;
    const all = [
      ...[...this.#arguments].map(([name, texts]) => [name, texts] as const),
      ...[...this.#options].map(([name, texts]) => [`--${name}`, texts] as const),
    ];
    const found =
      all.find(([, texts]) => texts.includes(text)) ??
      all.find(([, texts]) => texts.some((value) => value.split(/[,=@]/).includes(text)));
    return found?.[0];
  }

  /** Returns the option as written, if it is set. */
  optionLike(name: string): string | undefined {
    return this.#options.has(name) ? `--${name}` : undefined;
  }

  /** Returns the `key=value` pairs of an option. */
  labels(name: string): Record<string, string> {
    const labels: Record<string, string> = {};
    for (const text of this.texts(name)) {
      const at = text.indexOf("=");
      if (at < 1) throw usageFailure(`--${name}: expected NAME=VALUE, got \`${text}\``);
      labels[text.slice(0, at)] = text.slice(at + 1);
    }
    return labels;
  }
}
