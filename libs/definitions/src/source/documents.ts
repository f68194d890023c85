import type { DefinitionText } from "./text.ts";

/**
 * Returns the YAML documents of a text, separated by `---`, without empty ones. No YAML value can contain such a
 * line, not even a block of text, so it is enough to split by lines. JSON is one document.
 */
export function documentsOf(source: DefinitionText): readonly DefinitionText[] {
  const { text, format } = source;
  if (format === "json") return [source];
  const documents: DefinitionText[] = [];
  let lines: string[] = [];
  let linesBefore = 0;
  const close = (next: number): void => {
    // Directives belong to the next document.
    if (lines.some((line) => !/^\s*(?:#.*)?$/.test(line) && !line.startsWith("%")))
      documents.push({ ...source, text: lines.join("\n"), linesBefore });
    lines = [];
    linesBefore = next;
  };
  for (const [at, line] of text.split("\n").entries()) {
    if (/^---(?=\s|$)/.test(line)) {
      close(at);
      // A value may follow the separator on its line. It keeps its column.
      lines.push(line.replace("---", "   ").trimEnd());
    } else if (/^\.\.\.\s*$/.test(line)) close(at + 1);
    else lines.push(line);
  }
  close(0);
  return documents;
}
