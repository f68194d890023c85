// @ts-check

// The changelog of a release: the section `Unreleased` becomes the section of the version.

/**
 * @param {string} text of CHANGELOG.md
 * @param {string} version
 * @param {string} date `2026-01-31`
 * @returns {{ text: string, section: string }} the new text, and the section alone
 */
export function releaseChangelog(text, version, date) {
  if (new RegExp(`^## ${version.replaceAll(".", "\\.")}(?: |$)`, "m").test(text))
    throw new Error(`CHANGELOG.md already has a section ${version}`);
  const found = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text);
  if (found === null) throw new Error("CHANGELOG.md has no section Unreleased");
  const content = (found[1] ?? "").trim();
  if (!/^- /m.test(content)) throw new Error("the section Unreleased of CHANGELOG.md is empty");
  const section = `## ${version} - ${date}\n\n${content}\n`;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  return { text: `${before}## Unreleased\n\n${section}${after === "" ? "" : "\n"}${after}`, section };
}
