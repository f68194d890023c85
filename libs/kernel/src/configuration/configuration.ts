import type { z } from "zod";
import { assert } from "../errors/assertion.ts";
import { errorFromUnknown } from "../errors/from-unknown.ts";
import { kernelErrors } from "../errors/kernel-errors.ts";
import type { TuttiError } from "../errors/tutti-error.ts";
import type { Logger } from "../ports/logger.ts";
import type { Timer, Timers } from "../ports/timers.ts";
import { changeOf, differsAt } from "./change.ts";
import { Declarations } from "./declarations.ts";
import type { Problem } from "./entry.ts";
import { type Explanation, explain } from "./explanation.ts";
import { readSources, type SourceContent } from "./read-sources.ts";
import { Resolution } from "./resolution.ts";
import { isBefore, isScope, type Scope } from "./scopes.ts";
import type { Key, Section } from "./section.ts";
import type { ConfigurationSources } from "./sources.ts";

/** The reading scope: a scope later than the section's own may have its own values. */
export interface Reader {
  readonly scope?: Scope;
}

export interface ReloadReport {
  /** False if the sources have mistakes: then everything stays as before. */
  readonly applied: boolean;
  readonly error: TuttiError | undefined;
  /** Live keys whose value has changed. */
  readonly changed: readonly string[];
  /** Keys that the sources changed and that take effect after a restart. */
  readonly afterRestart: readonly string[];
  /** Errors of listeners. The new values apply anyway. */
  readonly faults: readonly TuttiError[];
}

/** Called synchronously and in order. Its later work and failures are its own responsibility. */
export type ChangeListener<S extends z.ZodObject> = (value: z.output<S>, changed: readonly string[]) => void;

export interface ConfigurationOptions {
  readonly sections: readonly Section[];
  readonly sources: ConfigurationSources;
  /**
   * Names of sections of other processes. One file, environment or command line may configure several processes: this
   * process ignores those sections, and their own process checks them.
   */
  readonly otherSections?: readonly string[];
}

/**
 * The configuration of a process.
 *
 * Invariants:
 * 1. It is valid as a whole, always: mistakes fail the start, and a later reading with mistakes changes nothing.
 * 2. A section's value stays the same object until one of its live keys changes. Keys that are not live keep the value
 *    they had at the start.
 */
export class Configuration {
  readonly #declarations: Declarations;
  readonly #sources: ConfigurationSources;
  readonly #listeners = new Set<(changed: readonly Key[], before: Resolution) => void>();
  #read: SourceContent;
  /** The latest values of the sources, and those of them that are in effect. */
  #latest: Resolution;
  #running: Resolution;

  /** Reads and checks everything. Throws `kernel.configuration_invalid` with all mistakes. */
  static load(options: ConfigurationOptions): Configuration {
    return new Configuration(options);
  }

  private constructor({ sections, sources, otherSections }: ConfigurationOptions) {
    this.#declarations = new Declarations(sections, otherSections);
    this.#sources = sources;
    this.#read = readSources(sources, this.#declarations);
    this.#latest = resolved(this.#read, this.#declarations);
    this.#running = this.#latest;
  }

  /** Returns the values of a section for a reader in its own scope or a later one. */
  read<S extends z.ZodObject>(section: Section<S>, reader: Reader = {}): z.output<S> {
    return this.#valueOf(section, this.#scopeOf(section, reader), this.#running);
  }

  /**
   * Returns the origin of values: of all keys, of a section (`registry`), a group or a key (`registry.leaseMs`). The
   * reader is in the section's own scope, or in the scope of the path (`engines.log.level`) or of `reader`.
   */
  explain(path = "", reader: Reader = {}): readonly Explanation[] {
    const [first = "", ...rest] = path.split(".");
    const scope = isScope(first) ? first : reader.scope;
    const name = isScope(first) ? rest.join(".") : path;
    return this.#declarations.keys
      .filter((key) => name === "" || key.name === name || key.name.startsWith(`${name}.`))
      .filter((key) => scope === undefined || !isBefore(scope, key.home))
      .map((key) => explain(key, scope ?? key.home, this.#running, this.#latest));
  }

  /** Calls back after live keys of a section changed for a reader. Returns a function that stops that. */
  onChange<S extends z.ZodObject>(
    section: Section<S>,
    listener: ChangeListener<S>,
    reader: Reader = {},
  ): () => void {
    const scope = this.#scopeOf(section, reader);
    const notify = (changed: readonly Key[], before: Resolution) => {
      const after = this.#running;
      const mine = changed.filter(
        (key) => key.section === section.name && differsAt(key, scope, before, after),
      );
      if (mine.length > 0) listener(this.#valueOf(section, scope, after), mine.map(nameOf));
    };
    this.#listeners.add(notify);
    return () => this.#listeners.delete(notify);
  }

  /** Calls back with the names of all live keys that changed. Returns a function that stops that. */
  onAnyChange(listener: (changed: readonly string[]) => void): () => void {
    const notify = (changed: readonly Key[]) => {
      if (changed.length > 0) listener(changed.map(nameOf));
    };
    this.#listeners.add(notify);
    return () => this.#listeners.delete(notify);
  }

  /** Reads the sources again. If they have mistakes, everything stays as before. */
  reload(): ReloadReport {
    return this.#apply(readSources(this.#sources, this.#declarations));
  }

  /** Reloads when the configuration file changes. Returns a function that stops that. */
  watch(ports: { readonly timers: Timers; readonly logger: Logger }): () => void {
    let pending: Timer | undefined;
    const check = () => {
      pending = undefined;
      const read = readSources(this.#sources, this.#declarations);
      const same = read.path === this.#read.path && read.text === this.#read.text;
      if (!same) logReload(this.#apply(read), ports.logger);
    };
    const stop = this.#sources.files.watch(this.#read.path, () => {
      // Further events do not delay it: in a busy directory it would never run.
      pending ??= ports.timers.after(settleMs, check);
    });
    return () => {
      pending?.cancel();
      stop();
    };
  }

  #apply(read: SourceContent): ReloadReport {
    // Stored even if it is wrong, so that the same text is not reported twice.
    this.#read = read;
    const before = this.#running;
    try {
      const latest = resolved(read, this.#declarations, before);
      const { next, changed, afterRestart } = changeOf(before, latest, this.#declarations);
      refuseProblems(next.problems.map(untilRestart));
      this.#latest = latest;
      this.#running = next;
      const faults = this.#notify(changed, before);
      const names = { changed: changed.map(nameOf), afterRestart: afterRestart.map(nameOf) };
      return { applied: true, error: undefined, ...names, faults };
    } catch (thrown) {
      return { applied: false, error: errorFromUnknown(thrown), changed: [], afterRestart: [], faults: [] };
    }
  }

  /** A listener that throws does not affect the others. */
  #notify(changed: readonly Key[], before: Resolution): readonly TuttiError[] {
    const faults: TuttiError[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(changed, before);
      } catch (thrown) {
        faults.push(errorFromUnknown(thrown));
      }
    }
    return faults;
  }

  #scopeOf(section: Section, { scope = section.scope }: Reader): Scope {
    assert(this.#declarations.sections.get(section.name) === section, "the section is among those loaded", {
      section: section.name,
    });
    assert(!isBefore(scope, section.scope), "a section is read from its own scope or a later one", {
      section: section.name,
      declared: section.scope,
      reader: scope,
    });
    return scope;
  }

  #valueOf<S extends z.ZodObject>(section: Section<S>, scope: Scope, values: Resolution): z.output<S> {
    // Values are stored by name. This one was parsed by exactly this section's schema.
    return values.valueFor(section.name, scope) as z.output<S>;
  }
}

/** Editors write a file in several steps, each of which is an event. */
const settleMs = 100;

function resolved(read: SourceContent, declarations: Declarations, previous?: Resolution): Resolution {
  const resolution = new Resolution(declarations, read.entries, { unusable: read.unusable, previous });
  refuseProblems([...read.problems, ...resolution.problems]);
  return resolution;
}

function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const violations = problems.map(({ name, message }) => ({ field: name, message }));
  throw kernelErrors.configurationInvalid(
    { problems: problems.map(({ message }) => message) },
    { violations },
  );
}

/** The new values are valid, but not together with those that cannot change before a restart. */
function untilRestart({ name, message }: Problem): Problem {
  return { name, message: `with the values that hold until a restart: ${message}` };
}

function nameOf({ name }: Key): string {
  return name;
}

function logReload(report: ReloadReport, logger: Logger): void {
  const { applied, changed, afterRestart, faults } = report;
  if (!applied) {
    logger.error("changed configuration is invalid and was not applied", { error: report.error });
  }
  if (changed.length > 0) logger.info("configuration changed", { changed });
  if (afterRestart.length > 0) {
    logger.warn("configuration changed in keys that need a restart", { afterRestart });
  }
  for (const error of faults) logger.error("configuration listener failed", { error });
}
