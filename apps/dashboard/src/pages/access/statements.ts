/**
 * Returns the statements of a policy's text, as Cedar separates them: each ends with a semicolon that is in no string
 * or comment.
 */
export function statementsOf(text: string): readonly string[] {
  const statements: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else if (text[at] === '"') {
      at = afterString(text, at);
    } else {
      if (text[at] === ";") {
        statements.push(text.slice(from, at + 1).trim());
        from = at + 1;
      }
      at += 1;
    }
  }
  return statements;
}

function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** One of them, counted from 1. Empty where there is none. */
export function statementOf(text: string, number: number): string {
  return statementsOf(text)[number - 1] ?? "";
}
