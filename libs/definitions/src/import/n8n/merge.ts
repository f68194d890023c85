/**
 * Modes of n8n's `merge` from version 3: items of all inputs, pairs by position, and pairs by equal fields.
 *
 * A pair becomes one item. If both items have a list or a map in the same field, n8n combines these too. Here the run
 * fails, unless the node combines only the fields at the top.
 */
import { merged, UnsupportedConstruct } from "../cel.ts";
import { isMembers, listIn, type Members, membersIn, type Path, textIn } from "../foreign-document.ts";
import { bind, fails, type Note, quoted } from "./value.ts";

export interface Merge {
  readonly parameters: Members;
  readonly version: number;
  /** Items of each input. */
  readonly inputs: readonly string[];
  readonly at: (...keys: readonly (string | number)[]) => Path;
  readonly note: Note;
}

interface Clash {
  /** Whether the fields of the first input take precedence. */
  readonly isFirst: boolean;
  readonly isShallow: boolean;
}

/** Returns the items of the node. */
export function mergedItems(merge: Merge): string {
  const { parameters, version, inputs, at } = merge;
  const mode = textIn(parameters, "mode");
  if (mode === "" || mode === "append") return inputs.join(" + ");
  if (mode !== "combine")
    throw new UnsupportedConstruct(`the mode \`${mode}\` has no counterpart`, at("mode"));
  if (version < 3)
    throw new UnsupportedConstruct(
      `the mode \`combine\` of version ${version} has no counterpart. Replace the node in n8n by one of version 3`,
      at("mode"),
    );
  if (inputs.length !== 2 || (parameters["numberInputs"] ?? 2) !== 2)
    throw new UnsupportedConstruct("only two inputs can be combined", at("numberInputs"));
  const by = textIn(parameters, "combineBy") || "combineByFields";
  if (by === "combineByPosition") return byPosition(merge);
  if (by === "combineByFields") return byFields(merge);
  throw new UnsupportedConstruct(`\`${by}\` has no counterpart`, at("combineBy"));
}

function byPosition(merge: Merge): string {
  const options = optionsOf(merge, ["includeUnpaired"]);
  const all = options["includeUnpaired"] ?? false;
  if (typeof all !== "boolean")
    throw new UnsupportedConstruct(
      "a computed option has no counterpart",
      merge.at("options", "includeUnpaired"),
    );
  const clash = clashOf(merge, options, { preferInput1: true, preferInput2: false, preferLast: false });
  const item = (list: string) => (all ? `(i < size(${list}) ? ${list}[i] : {})` : `${list}[i]`);
  const count = `math.${all ? "greatest" : "least"}(size(a), size(b))`;
  const pair = bind("x", `dyn(${item("a")})`, bind("y", `dyn(${item("b")})`, pairOf(merge, clash)));
  return withInputs(merge, `lists.range(${count}).map(i, ${pair})`);
}

function byFields(merge: Merge): string {
  const { parameters, at } = merge;
  const options = optionsOf(merge, ["multipleMatches", "fuzzyCompare", "disableDotNotation"]);
  if ((options["multipleMatches"] ?? "all") !== "all")
    throw new UnsupportedConstruct(
      "only all matches of an item have a counterpart",
      at("options", "multipleMatches"),
    );
  if ((options["fuzzyCompare"] ?? false) !== false)
    throw new UnsupportedConstruct(
      "n8n converts values before it compares them",
      at("options", "fuzzyCompare"),
    );
  const isDotted = (options["disableDotNotation"] ?? false) === false;
  const tests = fieldsOf(merge).map(([one, other]) => {
    if (isDotted && /[.[\]]/.test(one + other))
      throw new UnsupportedConstruct("a field inside another one has no counterpart", at());
    const [first, second] = [quoted(one), quoted(other)];
    return `${first} in x && ${second} in y && dyn(x[${first}]) == dyn(y[${second}])`;
  });
  const same = tests.join(" && ");
  const join = textIn(parameters, "joinMode") || "keepMatches";
  const from = textIn(parameters, "outputDataFrom") || "both";
  const isSecond = join === "enrichInput2";
  const preferences = { preferInput1: true, preferLast: false };
  const clash = () => clashOf(merge, options, preferences, isSecond);
  const pairs = () => `a.map(x, b.filter(y, ${same}).map(y, ${pairOf(merge, clash())})).flatten()`;
  const firsts = (not: string) => `a.filter(x, ${not}b.exists(y, ${same}))`;
  const seconds = (not: string) => `b.filter(y, ${not}a.exists(x, ${same}))`;
  const found: Readonly<Record<string, () => string>> = {
    "keepMatches both": pairs,
    "keepMatches input1": () => firsts(""),
    "keepMatches input2": () => seconds(""),
    "keepNonMatches input1": () => firsts("!"),
    "keepNonMatches input2": () => seconds("!"),
    "keepEverything both": () => `${pairs()} + ${firsts("!")} + ${seconds("!")}`,
    "enrichInput1 both": () => `${pairs()} + ${firsts("!")}`,
    "enrichInput2 both": () => `${pairs()} + ${seconds("!")}`,
  };
  const key = `${join} ${from}`;
  const items = Object.hasOwn(found, key) ? found[key]?.() : undefined;
  if (items === undefined)
    throw new UnsupportedConstruct(
      `\`${join}\` with data from \`${from}\` has no counterpart`,
      at("joinMode"),
    );
  return withInputs(merge, items);
}

function fieldsOf({ parameters, at }: Merge): readonly (readonly [string, string])[] {
  const isAdvanced = parameters["advanced"] === true;
  const pairs = isAdvanced
    ? listIn(membersIn(parameters, "mergeByFields"), "values").map((each): readonly [string, string] =>
        isMembers(each) ? [textIn(each, "field1"), textIn(each, "field2")] : ["", ""],
      )
    : textIn(parameters, "fieldsToMatchString")
        .split(",")
        .map((name): readonly [string, string] => [name.trim(), name.trim()]);
  if (pairs.length === 0 || pairs.flat().some((name) => name === "" || name.startsWith("=")))
    throw new UnsupportedConstruct("it has no names of fields that match", at());
  return pairs;
}

function optionsOf({ parameters, at }: Merge, known: readonly string[]): Members {
  const options = membersIn(parameters, "options");
  for (const key of Object.keys(options))
    if (key !== "clashHandling" && !known.includes(key))
      throw new UnsupportedConstruct(`the option \`${key}\` has no counterpart`, at("options", key));
  return options;
}

/** @param preferences by `resolveClash`: whether the first input takes precedence */
function clashOf(
  { at }: Merge,
  options: Members,
  preferences: Readonly<Record<string, boolean>>,
  isFirst = false,
): Clash {
  const values = membersIn(membersIn(options, "clashHandling"), "values");
  const path = at("options", "clashHandling", "values");
  if ((values["overrideEmpty"] ?? false) !== false)
    throw new UnsupportedConstruct("empty fields have the same precedence", [...path, "overrideEmpty"]);
  const mode = textIn(values, "mergeMode") || "deepMerge";
  if (mode !== "deepMerge" && mode !== "shallowMerge")
    throw new UnsupportedConstruct(`\`${mode}\` has no counterpart`, [...path, "mergeMode"]);
  const isShallow = mode === "shallowMerge";
  const resolve = values["resolveClash"];
  if (resolve === undefined) return { isFirst, isShallow };
  const known =
    typeof resolve === "string" && Object.hasOwn(preferences, resolve) ? preferences[resolve] : undefined;
  if (known === undefined)
    throw new UnsupportedConstruct(`\`${String(resolve)}\` has no counterpart`, [...path, "resolveClash"]);
  return { isFirst: known, isShallow };
}

/** Item of the pair `x` and `y`. */
function pairOf({ note }: Merge, { isFirst, isShallow }: Clash): string {
  const both = isFirst ? merged("y", "x") : merged("x", "y");
  if (isShallow) return both;
  note(
    "combine",
    "a pair with a list or map in the same field of both items fails the run: n8n combines their members",
  );
  const isDeep = (item: string) => `type(${item}[k]) in [list, map]`;
  const clashes = `x.exists(k, k in y && ${isDeep("x")} && ${isDeep("y")})`;
  return `${clashes} ? ${fails("a list or map in the same field of two items")} : ${both}`;
}

function withInputs({ inputs: [one = "[]", other = "[]"] }: Merge, items: string): string {
  return bind("a", `dyn(${one})`, bind("b", `dyn(${other})`, items));
}
