import { type Document, type ErrorCode, isCollection, isNode, isScalar, visit } from "yaml";

/**
 * Messages about invalid YAML: `tutti.yaml:3:5 is not valid YAML: …`. The library's own messages quote parts of the
 * text, which may be a secret.
 */
const texts: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias takes no tag or anchor",
  BAD_ALIAS: "an alias or anchor without a clear name. Put text that starts with * or & in quotes",
  BAD_COLLECTION_TYPE: "a tag that does not fit its value",
  BAD_DIRECTIVE: "an unknown directive. Put text that starts with % in quotes",
  BAD_DQ_ESCAPE: "an unknown escape sequence. Use single quotes for text with backslashes",
  BAD_INDENT: "indented differently than expected",
  BAD_PROP_ORDER: "a tag or anchor in the wrong place",
  BAD_SCALAR_START: "text that starts with a reserved character. Put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a mapping or list in the middle of a line. Put text with a colon in quotes",
  BLOCK_IN_FLOW: "a block mapping or list inside brackets. Close the bracket before it",
  DUPLICATE_KEY: "the same key a second time in one mapping",
  IMPOSSIBLE: "not understood",
  KEY_OVER_1024_CHARS: "a key of more than 1024 characters",
  MISSING_CHAR: "something is missing: a closing quote, a comma, a colon or a space",
  MULTILINE_IMPLICIT_KEY: "a key over several lines, or a line without a colon",
  MULTIPLE_ANCHORS: "more than one anchor",
  MULTIPLE_DOCS: "a second document; expected one",
  MULTIPLE_TAGS: "more than one tag",
  NON_STRING_KEY: "a key that is no text",
  RESOURCE_EXHAUSTION: "nested too deeply, or too many aliases",
  TAB_AS_INDENT: "indented with a tab. Use spaces",
  TAG_RESOLVE_FAILED: "an unknown tag. Put text that starts with ! in quotes",
  UNEXPECTED_TOKEN: "an element that is not allowed here",
};

interface Mistake {
  readonly at: number;
  readonly text: string;
}

/**
 * Returns the mistakes of a text. An unclosed bracket or quote is reported where it opens. Its consequences are left
 * out, as are those of an expression without quotes.
 */
export function yamlMistakesIn(
  { contents, errors, warnings }: Pick<Document, "contents" | "errors" | "warnings">,
  text: string,
): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  // A bracket before it is open. The rest of the text is read as inside of the bracket.
  const blockAt = errors.find(({ code }) => code === "BLOCK_IN_FLOW")?.pos[0] ?? Number.POSITIVE_INFINITY;
  const starts = errors.length === 0 ? undefined : startsByEnd(contents);
  for (const { code, pos } of errors) {
    if (pos[0] > blockAt) continue;
    if (text.charAt(pos[0] - 1) === "$" && text.startsWith("{{", pos[0]))
      return [...mistakes, { at: pos[0] - 1, text: `\`\${{ … }}\` inside brackets. Put it in quotes` }];
    const mayBeOpen = code === "BAD_INDENT" || code === "MISSING_CHAR";
    const open = mayBeOpen ? openAt(starts?.get(pos[0]) ?? [], text.charAt(pos[0] - 1)) : undefined;
    if (open !== undefined) return [...mistakes, { at: open, text: openText(text.charAt(open)) }];
    mistakes.push({ at: pos[0], text: texts[code] });
  }
  return [...mistakes, ...warnings.map(({ code, pos }) => ({ at: pos[0], text: texts[code] }))];
}

function openText(opening: string): string {
  if (opening === '"' || opening === "'") return "a quote is not closed";
  return `\`${opening}\` is not closed, or the lines after it are not indented further`;
}

/** Returns the places where brackets and quotes open, by their ends, the innermost last. */
function startsByEnd(contents: Document["contents"]): ReadonlyMap<number, readonly number[]> {
  const starts = new Map<number, number[]>();
  visit(contents, (_, node) => {
    const isEnclosed = isCollection(node) ? node.flow : isScalar(node) && /^QUOTE/.test(node.type ?? "");
    if (!isEnclosed || !isNode(node) || !node.range) return;
    const [start, end] = node.range;
    starts.set(end, [...(starts.get(end) ?? []), start]);
  });
  return starts;
}

/** Returns the innermost opening that the last character before the end does not close. */
function openAt(starts: readonly number[], last: string): number | undefined {
  return starts.at(/[\]}"']/.test(last) ? -2 : -1);
}
