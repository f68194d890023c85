import { columnOf, field, type Lines } from "./lines.ts";

/** State of a line of a block. */
export const state = {
  present: 0,
  /** The instance was removed, and its id is still reserved. */
  removed: 1,
  /** Replaced by a newer line, or forgotten. */
  dropped: 2,
} as const;

/** Facts about a block that are known without reading its parts. */
export interface BlockInfo {
  readonly id: number;
  readonly partition: number;
  readonly count: number;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly minStart: number;
  readonly maxStart: number;
  readonly minEnd: number;
  readonly maxEnd: number;
  readonly minIncarnation: number;
  readonly maxIncarnation: number;
  readonly maxBatch: number;
  /** A bit for each status that one of the lines has. */
  readonly statuses: number;
  /** When the first of its lines may be removed or forgotten. Infinity if there is none. May be too early. */
  nextMs: number;
  states: Uint8Array;
  dropped: number;
  /** Nothing of it can be removed before this batch is covered. Not stored. */
  waitsFor: number;
}

export function infoOf(id: number, partition: number, lines: Lines, states: Uint8Array): BlockInfo {
  const [minVersion, maxVersion] = range(columnOf(lines, field.version));
  const [minStart, maxStart] = range(columnOf(lines, field.start));
  const [minEnd, maxEnd] = range(columnOf(lines, field.end));
  const [minIncarnation, maxIncarnation] = range(columnOf(lines, field.incarnation));
  const [, maxBatch] = range(columnOf(lines, field.lastBatch));
  let statuses = 0;
  for (const status of columnOf(lines, field.status)) statuses |= bitOf(status);
  return {
    id,
    partition,
    count: lines.count,
    firstVersion: minVersion,
    lastVersion: maxVersion,
    minStart,
    maxStart,
    minEnd,
    maxEnd,
    minIncarnation,
    maxIncarnation,
    maxBatch,
    statuses,
    nextMs: nextOf(lines, states),
    states,
    dropped: 0,
    waitsFor: 0,
  };
}

/** Statuses have small numbers. One that a newer release added shares the last bit. */
export function bitOf(status: number): number {
  return 1 << Math.min(30, status);
}

/** Returns when the first line is to be removed or forgotten. */
export function nextOf(lines: Lines, states: Uint8Array): number {
  const ends = columnOf(lines, field.end);
  const keepUntil = columnOf(lines, field.keepUntil);
  const idKeptUntil = columnOf(lines, field.idKeptUntil);
  let next = Number.POSITIVE_INFINITY;
  for (let line = 0; line < lines.count; line++) {
    const untilMs = states[line] === state.present ? (keepUntil[line] ?? 0) : (idKeptUntil[line] ?? 0);
    if (ends[line] !== 0 && states[line] !== state.dropped && untilMs < next) next = untilMs;
  }
  return next;
}

function range(column: Float64Array): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < column.length; index++) {
    const value = column[index] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

const numbers = [
  "count",
  "firstVersion",
  "lastVersion",
  "minStart",
  "maxStart",
  "minEnd",
  "maxEnd",
  "minIncarnation",
  "maxIncarnation",
  "maxBatch",
  "statuses",
  "nextMs",
] as const satisfies readonly (keyof BlockInfo)[];

export function encodeInfo(info: BlockInfo): Uint8Array {
  return new Uint8Array(Float64Array.from(numbers, (name) => info[name]).buffer);
}

export function decodeInfo(id: number, partition: number, about: Uint8Array, packed: Uint8Array): BlockInfo {
  const values = new Float64Array(about.slice().buffer);
  const at = (name: (typeof numbers)[number]): number => values[numbers.indexOf(name)] ?? 0;
  const count = at("count");
  const states = decodeStates(packed, count);
  return {
    id,
    partition,
    count,
    firstVersion: at("firstVersion"),
    lastVersion: at("lastVersion"),
    minStart: at("minStart"),
    maxStart: at("maxStart"),
    minEnd: at("minEnd"),
    maxEnd: at("maxEnd"),
    minIncarnation: at("minIncarnation"),
    maxIncarnation: at("maxIncarnation"),
    maxBatch: at("maxBatch"),
    statuses: at("statuses"),
    nextMs: at("nextMs"),
    states,
    dropped: states.reduce((sum, lineState) => sum + (lineState === state.dropped ? 1 : 0), 0),
    waitsFor: 0,
  };
}

/** Encodes two bits per line. Empty while all are present. */
export function encodeStates(states: Uint8Array): Uint8Array {
  if (!states.some((lineState) => lineState !== state.present)) return new Uint8Array(0);
  const packed = new Uint8Array(Math.ceil(states.length / 4));
  for (let line = 0; line < states.length; line++) {
    packed[line >> 2] = (packed[line >> 2] as number) | ((states[line] as number) << ((line & 3) * 2));
  }
  return packed;
}

function decodeStates(packed: Uint8Array, count: number): Uint8Array {
  const states = new Uint8Array(count);
  if (packed.length === 0) return states;
  for (let line = 0; line < count; line++) states[line] = ((packed[line >> 2] ?? 0) >> ((line & 3) * 2)) & 3;
  return states;
}
