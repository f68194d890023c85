import * as z from "zod";
import type { Declarations } from "./declarations.ts";
import { keysListed } from "./problem-texts.ts";
import type { Reading } from "./reading.ts";
import { coreOf } from "./schema-walk.ts";
import { didYouMean } from "./suggestion.ts";

/** The flag that names the configuration file. It is no key of any section. */
const fileFlag = "config";

/**
 * Reads `--registry.leaseMs=5000`, `--registry.leaseMs 5000`, `--engines.log.level=debug`, `--cache.enabled`,
 * `--no-cache.enabled` and `--config tutti.yaml`, whose value it returns. If a flag is repeated, the last one counts.
 * An argument of no known key is never printed, because it may be a misplaced secret.
 */
export function readFlags(
  args: readonly string[],
  declarations: Declarations,
  reading: Reading,
): string | undefined {
  let file: string | undefined;
  const last = new Map<string, Flag>();
  for (const flag of flagsOf(args)) {
    const place = `argument ${flag.position}`;
    if (flag.name === "") {
      reading.refuse(place, `${place} is no setting: expected the form --section.key=value`);
    } else if (flag.name === fileFlag) {
      file = flag.text;
      if (!file) reading.refuse("--config", "--config needs a path: --config=tutti.yaml");
    } else {
      // `--log.level`, `--no-log.level` and `--foundation.log.level` are the same setting.
      const setting = settingOf(flag.name, declarations);
      last.set(setting ? `${setting.scope}.${setting.key.name}` : flag.name, flag);
    }
  }
  for (const flag of last.values()) applyFlag(flag, declarations, reading);
  return file;
}

/** Prefix that no section's name has, because a name has no dash. */
const denial = "no-";

interface Flag {
  readonly position: number;
  /** The text between `--` and the equals sign. Empty for an argument that is not a flag. */
  readonly name: string;
  readonly text: string | undefined;
}

/** Joins each flag with the next argument, if that is not a flag. */
function* flagsOf(args: readonly string[]): Generator<Flag> {
  for (let index = 0; index < args.length; index++) {
    const position = index + 1;
    const [, name = "", equals, text] = /^--([^=]+)(=?)(.*)$/s.exec(args[index] ?? "") ?? [];
    const next = args[index + 1];
    if (equals === "" && next !== undefined && !next.startsWith("--")) {
      index++;
      yield { position, name, text: next };
    } else {
      yield { position, name, text: equals === "=" ? text : undefined };
    }
  }
}

function settingOf(name: string, declarations: Declarations) {
  return declarations.byName(keyOf(name));
}

function keyOf(name: string): string {
  return name.startsWith(denial) ? name.slice(denial.length) : name;
}

/**
 * Returns the key that was most likely meant. A name below a key is not a key, because the value of a key is set as a
 * whole.
 */
function hintFor(name: string, declarations: Declarations): string {
  const segments = name.split(".");
  for (let count = segments.length - 1; count > 1; count--) {
    const prefix = segments.slice(0, count).join(".");
    const setting = declarations.byName(prefix);
    if (setting === undefined) continue;
    const rest = segments.slice(count).join(".");
    const isMapping = coreOf(setting.key.schema) instanceof z.ZodRecord;
    return `; \`${prefix}\` is set as a whole: --${prefix}=${isMapping ? `${rest}=…` : "…"}`;
  }
  const known = [...declarations.names()];
  const suggestion = didYouMean(
    `--${name}`,
    known.map((each) => `--${each}`),
  );
  return suggestion === "" ? hintByLastSegment(name, known) : suggestion;
}

/** More keys than this are no useful hint. */
const hintedMax = 3;

/**
 * Returns keys whose last word equals or starts with the words of a flag: `--data`, `--data-dir` and `--data.directory`
 * for `--platform.dataDirectory`.
 */
function hintByLastSegment(name: string, known: readonly string[]): string {
  const normalized = name.replaceAll(/[-_.]/g, "").toLowerCase();
  if (normalized.length < 3) return "";
  const lastOf = (key: string): string => key.slice(key.lastIndexOf(".") + 1).toLowerCase();
  // Each key also has a name with its scope.
  const short = known.filter((key) => !known.some((other) => key.endsWith(`.${other}`)));
  const same = short.filter((key) => lastOf(key) === normalized);
  const candidates = same.length > 0 ? same : short.filter((key) => lastOf(key).startsWith(normalized));
  if (candidates.length === 0 || candidates.length > hintedMax) return "";
  return `. Did you mean ${candidates.map((key) => `\`--${key}\``).join(" or ")}?`;
}

function applyFlag({ name, text }: Flag, declarations: Declarations, reading: Reading): void {
  const place = `--${name}`;
  const setting = settingOf(name, declarations);
  if (setting === undefined) {
    if (declarations.isOfOtherProcess(keyOf(name))) return;
    reading.refuse(
      place,
      `unknown key among the flags: ${place}${hintFor(name, declarations) || keysListed}`,
    );
    return;
  }
  const isBoolean = coreOf(setting.key.schema) instanceof z.ZodBoolean;
  const denied = name.startsWith(denial);
  if (denied && (!isBoolean || text !== undefined)) {
    reading.refuse(
      place,
      `${place} is not possible: only a key that is true or false is denied so, without a value`,
    );
  } else if (text === undefined && !isBoolean) {
    reading.refuse(place, `${place} needs a value: ${place}=…`);
  } else {
    reading.record(setting, { text: text ?? String(!denied) }, { source: "flag", place });
  }
}
