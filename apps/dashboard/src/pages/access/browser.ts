/** A browser's name for itself, in two words. The latest names come first, since each claims to be those before it. */
const names: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, "Android"],
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

export function browserWords(text: string): string {
  const found = (known: typeof names) => known.find(([form]) => form.test(text))?.[1];
  const words = [found(names), found(systems)].filter((word) => word !== undefined);
  return words.length > 0 ? words.join(" on ") : text.slice(0, 40) || "a browser";
}
