import type { GlyphName } from "../score/states.ts";

/** The parts of the page, in the order of the rail. Each has a key that is pressed after `g`. */
export const places = [
  { path: "/", word: "Overview", key: "o", glyph: "breath" },
  { path: "/runs", word: "Runs", key: "r", glyph: "note" },
  { path: "/sessions", word: "Sessions", key: "e", glyph: "voices" },
  { path: "/inbox", word: "Inbox", key: "a", glyph: "fermata" },
  { path: "/missions", word: "Missions", key: "m", glyph: "chord" },
  { path: "/workflows", word: "Workflows", key: "f", glyph: "repeat" },
  { path: "/workers", word: "Workers", key: "w", glyph: "tied-rest" },
  { path: "/pools", word: "Pools", key: "p", glyph: "wedge" },
  { path: "/schedules", word: "Schedules", key: "s", glyph: "caesura" },
  { path: "/triggers", word: "Triggers", key: "t", glyph: "attacca" },
  { path: "/objects", word: "Objects", key: "b", glyph: "segno" },
  { path: "/services", word: "Services", key: "v", glyph: "system" },
  { path: "/series", word: "Metrics", key: "i", glyph: "wave" },
  { path: "/alerts", word: "Alerts", key: "l", glyph: "trill" },
  { path: "/incidents", word: "Incidents", key: "n", glyph: "marcato" },
  { path: "/analysis", word: "Analysis", key: "y", glyph: "hairpins" },
  { path: "/explore", word: "Explore", key: "x", glyph: "skip" },
  { path: "/reports", word: "Reports", key: "d", glyph: "final" },
  { path: "/access", word: "Access", key: "c", glyph: "key" },
  { path: "/audit", word: "Audit", key: "u", glyph: "coda" },
] as const satisfies readonly { path: string; word: string; key: string; glyph: GlyphName }[];

const ofPhone: ReadonlySet<string> = new Set(["/", "/runs", "/inbox", "/workflows"]);

/** Those at the lower edge of a phone: the four most used, and the current one. The others are in the list of all pages. */
export function placesOfPhone(path: string): readonly (typeof places)[number][] {
  return places.filter(({ path: own }) => ofPhone.has(own) || path === own || path.startsWith(`${own}/`));
}

/** All keys that mean something, for the sheet that `?` shows. */
export const shortcuts: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["Ctrl", "K"], "search pages and actions (⌘ K on a Mac)"],
  [["?"], "shortcuts"],
  [["/"], "search in this page"],
  [["n"], "start a run"],
  [["t"], "light, dark or system theme"],
  ...places.map(({ key, word }) => [["g", key], word.toLowerCase()] as const),
  [["j"], "next line of a list"],
  [["k"], "previous line"],
  [["x"], "select the line"],
  [["Enter"], "open the line"],
  [["←", "→", "↑", "↓"], "navigate the graph of a run"],
  [["+", "–"], "unfold or fold a task"],
  [["["], "previous event of a run"],
  [["]"], "next event of a run"],
  [["Esc"], "close the open panel"],
];
