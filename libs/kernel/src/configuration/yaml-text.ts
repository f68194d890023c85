import {
  Composer,
  type Document,
  isMap,
  isScalar,
  Lexer,
  type LineCounter,
  type ParsedNode,
  Parser,
  visit,
  YAMLParseError,
} from "yaml";

/** A text is nested deeper than its reader allows. */
export class YamlTooDeep {
  /** The character that opens one level too many. */
  readonly at: number;

  constructor(at: number) {
    this.at = at;
  }
}

/** Open items of the parser besides a collection for each level: the document, a scalar, the line end. */
const openBesides = 8;

/**
 * Parses like the library's `parseDocument`, but in linear time. The library takes seconds for 300,000 brackets, and
 * compares each key with all others of its mapping.
 *
 * Throws `YamlTooDeep`.
 */
export function parseYaml(text: string, options: Options): Document.Parsed<ParsedNode> {
  // Each of a million errors would record its stack, which takes a minute.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parse(text, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

interface Options {
  readonly lines: LineCounter;
  readonly depthMax: number;
  readonly uniqueKeys: boolean;
}

function parse(text: string, { lines, depthMax, uniqueKeys }: Options): Document.Parsed<ParsedNode> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  function* tokens() {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > depthMax + openBesides) throw new YamlTooDeep(parser.offset);
    }
    yield* parser.end();
  }
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  let document: Document.Parsed<ParsedNode> | undefined;
  for (const found of composer.compose(tokens(), true, text.length)) {
    if (document === undefined) document = found;
    else {
      document.errors.push(new YAMLParseError([found.range[0], found.range[1]], "MULTIPLE_DOCS", ""));
      break;
    }
  }
  if (document === undefined) throw new Error("expected a document in every text, got none");
  if (uniqueKeys) findRepeatedKeys(document);
  return document;
}

function findRepeatedKeys(document: Document.Parsed<ParsedNode>): void {
  visit(document, {
    Map(_, map) {
      if (!isMap(map)) return;
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const [start, end] = key.range ?? [0, 0];
        if (seen.has(key.value)) document.errors.push(new YAMLParseError([start, end], "DUPLICATE_KEY", ""));
        seen.add(key.value);
      }
    },
  });
}
