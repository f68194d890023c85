/** Checks whether file names work on Linux, macOS and Windows alike. */

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const refused = '<>:"/\\|?*';
const lengthMax = 255;

/** Returns why a system would refuse the name. Undefined if none does. */
export function fileNameProblem(name: string): string | undefined {
  const found = [...name].find((character) => refused.includes(character) || character < " ");
  if (found !== undefined) return `the character ${JSON.stringify(found)}`;
  if (/[. ]$/.test(name)) return "a dot or space at the end";
  if (reserved.test(name)) return "a name that Windows keeps for devices";
  return name.length > lengthMax ? `more than ${lengthMax} characters` : undefined;
}

/** Returns the problems of the names in one folder: names that a system refuses, and names that differ only by case. */
export function fileNameProblems(names: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  return names.flatMap((name) => {
    const problem = fileNameProblem(name);
    const duplicate = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (problem !== undefined) return [`${name}: ${problem}`];
    return duplicate === undefined ? [] : [`${name}: the same as ${duplicate} where case does not count`];
  });
}
