/** The combinations of a matrix of GitHub Actions, as its documentation defines them. */
import type { Json } from "@tutti/expressions";
import { UnsupportedConstruct } from "../cel.ts";
import { isMembers, listIn, type Members } from "../foreign-document.ts";
import { isExpression } from "../imported.ts";

export type Combination = Readonly<Record<string, Json>>;

/** Maximum of GitHub. */
const combinationsMax = 256;

export function combinationsOf(matrix: unknown): readonly Combination[] {
  if (!isMembers(matrix)) throw new UnsupportedConstruct("the matrix is computed");
  const axes = Object.entries(matrix).filter(([name]) => name !== "include" && name !== "exclude");
  let combinations: readonly Record<string, Json>[] = axes.length === 0 ? [] : [{}];
  for (const [name, values] of axes) {
    if (!Array.isArray(values)) throw new UnsupportedConstruct("the matrix is computed");
    combinations = combinations.flatMap((each) =>
      values.map((value) => ({ ...each, [name]: copied(value) })),
    );
    requireFew(combinations.length);
  }
  const excluded = listOf(matrix, "exclude");
  const remaining = combinations.filter((each) => !excluded.some((exclusion) => isPart(exclusion, each)));
  const names = new Set(axes.map(([name]) => name));
  const originals = remaining.map((each) => ({ ...each }));
  const added: Record<string, Json>[] = [];
  for (const extra of listOf(matrix, "include")) {
    const own = Object.fromEntries(Object.entries(extra).filter(([name]) => names.has(name)));
    const matching = remaining.filter((_, index) => isPart(own, originals[index] ?? {}));
    for (const each of matching) Object.assign(each, extra);
    if (matching.length === 0) added.push({ ...extra });
  }
  const all = [...remaining, ...added];
  requireFew(all.length);
  if (all.length === 0) throw new UnsupportedConstruct("the matrix is empty");
  // A missing value of a combination is an empty text in expressions.
  const keys = new Set(all.flatMap((each) => Object.keys(each)));
  return all.map((each) => Object.fromEntries([...keys].map((key) => [key, each[key] ?? ""])));
}

function listOf(matrix: Members, key: string): readonly Combination[] {
  if (matrix[key] !== undefined && !Array.isArray(matrix[key]))
    throw new UnsupportedConstruct("the matrix is computed");
  return listIn(matrix, key).map((each) => {
    if (!isMembers(each)) throw new UnsupportedConstruct("the matrix is computed");
    return copied(each) as Combination;
  });
}

/** Copies and thereby reads every value. None may be computed. */
function copied(value: unknown): Json {
  if (typeof value === "string" && isExpression(value))
    throw new UnsupportedConstruct("the matrix is computed");
  if (Array.isArray(value)) return value.map(copied);
  if (!isMembers(value)) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copied(each)]));
}

function isPart(one: Combination, other: Combination): boolean {
  return Object.entries(one).every(([name, value]) => JSON.stringify(other[name]) === JSON.stringify(value));
}

function requireFew(count: number): void {
  if (count > combinationsMax)
    throw new UnsupportedConstruct(`the matrix has more than ${combinationsMax} combinations`);
}
