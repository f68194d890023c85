import type { Json } from "@tutti/expressions";
import { seededChance } from "@tutti/kernel/testing";

/** Returns a document with one to three changed parts: replaced, renamed, removed, moved. */
export function mutated(document: Json, seed: number): Json {
  const chance = seededChance(seed);
  const pick = (count: number): number => Math.floor(chance.random() * count);
  const copy = structuredClone(document);
  for (let times = 1 + pick(3); times > 0; times--) change(copy, pick);
  return copy;
}

const strange: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e9,
  "",
  "a",
  "A b",
  "5m",
  "${{ input.n }}",
  "${{ 1 +",
  "${{ tasks.a.output.b }}",
  "x@",
  "..",
  "1s..",
  "10/",
  "$${{",
  [],
  [null],
  ["a", "a"],
  {},
  { a: 1 },
  { task: "a" },
  { uses: "x" },
  [[[[]]]],
  "é".repeat(300),
];

function change(document: Json, pick: (count: number) => number): void {
  const places: { readonly holder: Record<string, Json> | Json[]; readonly key: string | number }[] = [];
  const walk = (part: Json): void => {
    if (typeof part !== "object" || part === null) return;
    for (const key of Object.keys(part)) {
      places.push({ holder: part as Record<string, Json>, key: Array.isArray(part) ? Number(key) : key });
      walk((part as Record<string, Json>)[key] ?? null);
    }
  };
  walk(document);
  const place = places[pick(places.length)];
  if (place === undefined) return;
  const holder = place.holder as Record<string | number, Json>;
  const other = places[pick(places.length)] ?? place;
  switch (pick(5)) {
    case 0:
      // A copy: a change to the original would affect every later document.
      holder[place.key] = structuredClone(strange[pick(strange.length)] ?? null);
      return;
    case 1:
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else delete holder[place.key];
      return;
    case 2: {
      const value = holder[place.key] ?? null;
      if (Array.isArray(place.holder)) place.holder.push(value);
      else holder[`${place.key}${["x", "", "s", "."][pick(4)]}`] = value;
      return;
    }
    case 3:
      holder[place.key] = structuredClone((other.holder as Record<string | number, Json>)[other.key] ?? null);
      return;
    default: {
      const value = holder[place.key];
      if (typeof value === "string" && value !== "") {
        const at = pick(value.length);
        holder[place.key] =
          value.slice(0, at) +
          ["", "x", "${{", "}}", "@", ".", " ", "'"][pick(8)] +
          value.slice(at + pick(2));
      } else holder[place.key] = { value: value ?? null };
    }
  }
}
