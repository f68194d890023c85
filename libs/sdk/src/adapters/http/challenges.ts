/** Returns the members of each challenge of a scheme. A header has schemes with members, separated by commas. */
export function challengesIn(header: string, wanted: string): readonly Readonly<Record<string, string>>[] {
  const found: Record<string, string>[] = [];
  let members: Record<string, string> | undefined;
  const parts = header.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]+)(?=[\s,]|$)/g);
  for (const [, name, text, token, scheme] of parts) {
    if (scheme !== undefined) {
      members = scheme.toLowerCase() === wanted ? {} : undefined;
      if (members !== undefined) found.push(members);
    } else if (name !== undefined && members !== undefined)
      members[name.toLowerCase()] = text === undefined ? (token ?? "") : text.replace(/\\(.)/g, "$1");
  }
  return found;
}
