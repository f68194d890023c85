// @ts-check

// Imported into a process that runs a bundle: stacks name the files and lines of the sources. It also runs in the threads
// of that process, since they get the same options.
//
// Node can do this (`--enable-source-maps`), but it parses every map at the start and keeps it: half a second and tens of
// MiB. Here a map is read when the first error with a frame in its file is formatted, and only the places found stay.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const bitsOf = new Uint8Array(128);
for (const [value, digit] of [...digits].entries()) bitsOf[digit.charCodeAt(0)] = value;

const comma = ",".charCodeAt(0);
const semicolon = ";".charCodeAt(0);
const place = /(file:\/\/\/[^\s()]+\.mjs):(\d+):(\d+)/;
const rememberedMax = 1_000;
/** @type {Map<string, string>} */
const remembered = new Map();

/** @param {Error} error @param {NodeJS.CallSite[]} frames */
Error.prepareStackTrace = (error, frames) => {
  const title = Error.prototype.toString.call(error);
  return [title, ...frames.map((frame) => `    at ${inSources(String(frame))}`)].join("\n");
};

/** @param {string} frame */
function inSources(frame) {
  return frame.replace(place, (found, url, line, column) => {
    const known = remembered.get(found);
    if (known !== undefined) return known;
    if (remembered.size >= rememberedMax) remembered.clear();
    const source = sourceOf(url, Number(line), Number(column)) ?? found;
    remembered.set(found, source);
    return source;
  });
}

/**
 * @param {string} url
 * @param {number} line from 1
 * @param {number} column from 1
 */
function sourceOf(url, line, column) {
  try {
    const file = fileURLToPath(url);
    const { mappings, sources } = JSON.parse(readFileSync(`${file}.map`, "utf8"));
    const found = segmentAt(mappings, line - 1, column - 1);
    if (found === undefined) return undefined;
    const source = pathToFileURL(resolve(dirname(file), sources[found.source])).href;
    return `${source}:${found.line + 1}:${found.column + 1}`;
  } catch {
    // No map is there, or it is no map. An error must not fail because of its stack.
    return undefined;
  }
}

/**
 * The last segment at or before a place. All places count from 0; each number of a segment is the difference from the
 * segment before it, but its column in a line of the bundle, which begins anew with each line.
 *
 * @param {string} mappings
 * @param {number} wantedLine
 * @param {number} wantedColumn
 */
function segmentAt(mappings, wantedLine, wantedColumn) {
  const total = [0, 0, 0, 0, 0];
  /** @type {{ source: number, line: number, column: number } | undefined} */
  let found;
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
    const [bundleColumn = 0, source = 0, sourceLine = 0, column = 0] = total;
    if (line === wantedLine && field > 0) {
      if (bundleColumn > wantedColumn) return found;
      if (field >= 4) found = { source, line: sourceLine, column };
    }
    field = 0;
    if (code === comma) continue;
    if (line === wantedLine) return found;
    line++;
    total[0] = 0;
  }
  return undefined;
}
