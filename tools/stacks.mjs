// @ts-check

// Imported into a process that runs a bundle, so that stacks name the files and lines of the sources. It also runs in
// the threads of that process, because they get the same options.
//
// Node has `--enable-source-maps`, but parses every map at the start and keeps it, which takes half a second and tens
// of MiB. Here a map is read for the first error with a frame in its file, and only the found positions stay in memory.

// Imports would load the modules with all their exports at each start.
const { readFileSync } = process.getBuiltinModule("node:fs");
const { dirname, resolve } = process.getBuiltinModule("node:path");
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule("node:url");

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const bitsOf = new Uint8Array(128);
for (const [value, digit] of [...digits].entries()) bitsOf[digit.charCodeAt(0)] = value;

const comma = ",".charCodeAt(0);
const semicolon = ";".charCodeAt(0);
const placeIn = /((?:file:\/\/)?(?:[A-Z]:)?[\\/][^\s()]+\.[cm]js):(\d+):(\d+)/;
const rememberedMax = 1_000;
/** A function starts at its parameters, its keyword or its name. The name is within this distance. */
const nameWithin = 64;
/** @type {Map<string, string>} */
const remembered = new Map();

/** @param {Error} error @param {NodeJS.CallSite[]} frames */
Error.prepareStackTrace = (error, frames) => {
  const title = Error.prototype.toString.call(error);
  /** @type {Bundles} */
  const bundles = new Map();
  return [title, ...frames.map((frame) => `    at ${inSources(frame, bundles)}`)].join("\n");
};

/**
 * The files of one stack, read once for all its frames.
 *
 * @typedef {{ mappings: string, sources: string[], names: string[], lines: string[], segments: Map<number, Segment[]> }} Bundle
 * @typedef {Map<string, Bundle>} Bundles
 * @typedef {{ bundleColumn: number, source: number, line: number, column: number, name: number | undefined }} Segment
 */

/** @param {NodeJS.CallSite} frame @param {Bundles} bundles */
function inSources(frame, bundles) {
  const text = String(frame);
  const [found, url, line, column] = placeIn.exec(text) ?? [];
  if (found === undefined || url === undefined) return text;
  const known = remembered.get(text);
  if (known !== undefined) return known;
  if (remembered.size >= rememberedMax) remembered.clear();
  const place = { text, found, url, line: Number(line), column: Number(column) };
  const formatted = formattedFrame(frame, place, bundles);
  remembered.set(text, formatted);
  return formatted;
}

/**
 * @param {NodeJS.CallSite} frame
 * @param {{ text: string, found: string, url: string, line: number, column: number }} of its text, with the place in it
 * @param {Bundles} bundles
 */
function formattedFrame(frame, { text, found, url, line, column }, bundles) {
  try {
    const file = url.startsWith("file:") ? fileURLToPath(url) : url;
    const bundle = bundleOf(file, bundles);
    const segment = segmentAt(bundle, line - 1, column - 1);
    const path = segment && bundle.sources[segment.source];
    if (segment === undefined || path === undefined) return text;
    const source = pathToFileURL(resolve(dirname(file), path)).href;
    const named = renamed(text, frame, bundle);
    return named.replace(found, () => `${source}:${segment.line + 1}:${segment.column + 1}`);
  } catch {
    // The map is missing or invalid. An error must not fail because of its stack.
    return text;
  }
}

/** @param {string} file @param {Bundles} bundles @returns {Bundle} */
function bundleOf(file, bundles) {
  let bundle = bundles.get(file);
  if (bundle === undefined) {
    /** @type {{ mappings: string, sources: string[], names: string[] }} */
    const { mappings, sources, names } = JSON.parse(readFileSync(`${file}.map`, "utf8"));
    const lines = readFileSync(file, "utf8").split("\n");
    bundle = { mappings, sources, names, lines, segments: new Map() };
    bundles.set(file, bundle);
  }
  return bundle;
}

/** @param {Bundle} bundle @param {number} line from 0 @returns {Segment[]} */
function segmentsIn({ mappings, segments }, line) {
  let known = segments.get(line);
  if (known === undefined) {
    known = [...segmentsOf(mappings, line)];
    segments.set(line, known);
  }
  return known;
}

/**
 * Returns the frame with the function's name in the sources. Its name in the bundle is shortened, because esbuild's
 * `keepNames` adds a table of properties for each function.
 *
 * @param {string} text
 * @param {NodeJS.CallSite} frame
 * @param {Bundle} bundle
 */
function renamed(text, frame, bundle) {
  const short = frame.getFunctionName();
  const line = frame.getEnclosingLineNumber();
  const column = frame.getEnclosingColumnNumber();
  if (short === null || line === null || column === null) return text;
  const words = short.split(".");
  const own = words[words.length - 1] ?? "";
  const code = bundle.lines[line - 1] ?? "";
  for (const segment of segmentsIn(bundle, line - 1)) {
    if (segment.bundleColumn > column + nameWithin) break;
    if (segment.name === undefined || segment.bundleColumn < column - nameWithin) continue;
    const after = code[segment.bundleColumn + own.length] ?? "";
    if (!code.startsWith(own, segment.bundleColumn) || /[\w$]/.test(after)) continue;
    const name = bundle.names[segment.name] ?? own;
    const at = text.lastIndexOf(own, text.indexOf(" ("));
    return at < 0 ? text : text.slice(0, at) + name + text.slice(at + own.length);
  }
  return text;
}

/**
 * Returns the last segment at or before a position.
 *
 * @param {Bundle} bundle
 * @param {number} line from 0
 * @param {number} column from 0
 */
function segmentAt(bundle, line, column) {
  let found;
  for (const segment of segmentsIn(bundle, line)) {
    if (segment.bundleColumn > column) break;
    found = segment;
  }
  return found;
}

/**
 * Yields the segments of a line that name a source. All positions count from 0. Each number of a segment is the
 * difference from the previous segment. The column in the bundle starts at 0 in each line.
 *
 * @param {string} mappings
 * @param {number} wantedLine
 * @returns {Generator<Segment>}
 */
function* segmentsOf(mappings, wantedLine) {
  const total = [0, 0, 0, 0, 0];
  let field = 0;
  let line = 0;
  let value = 0;
  let shift = 0;
  for (let at = 0; at <= mappings.length; at++) {
    const code = at === mappings.length ? semicolon : mappings.charCodeAt(at);
    if (code !== comma && code !== semicolon) {
      const digit = bitsOf[code] ?? 0;
      value |= (digit & 31) << shift;
      shift += 5;
      if ((digit & 32) !== 0) continue;
      total[field] = (total[field] ?? 0) + (value & 1 ? -(value >>> 1) : value >>> 1);
      field++;
      value = 0;
      shift = 0;
      continue;
    }
    const [bundleColumn = 0, source = 0, sourceLine = 0, column = 0, name] = total;
    if (line === wantedLine && field >= 4)
      yield { bundleColumn, source, line: sourceLine, column, name: field > 4 ? name : undefined };
    field = 0;
    if (code === comma) continue;
    if (line === wantedLine) return;
    line++;
    total[0] = 0;
  }
}
