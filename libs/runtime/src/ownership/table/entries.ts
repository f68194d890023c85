/**
 * The entries of the ownership store, as JSON that people can read with the tools of NATS:
 *
 * `installation` number of partitions of each service. `process.<holder>` a live process, renewed by it alone.
 * `partition.<service>.<n>` owner of a partition, and its receiver. `behaviour.<service>` behaviours that may be
 * activated in its partitions.
 */
import type { BehaviourLevels } from "../../behaviour/behaviours.ts";
import { ownershipErrors } from "../errors.ts";

/** A process as long as it keeps its lease. A process that lost its lease and returns is another holder. */
export interface HolderEntry {
  /** Address of its services. */
  readonly address: string;
  /** Whether it hands over its partitions and accepts no more. */
  readonly leaving: boolean;
  /** The services whose partitions it may own, with the load of those that it owns. */
  readonly loads: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Keys of incoming partitions that it is ready for. */
  readonly prepared: ReadonlySet<string>;
  /** By service: its behaviours. A service without an entry has only the first of each kind. */
  readonly behaviours: ReadonlyMap<string, BehaviourLevels>;
}

export interface PartitionEntry {
  /** Empty if none. */
  readonly owner: string;
  /** Address of the owner. */
  readonly address: string;
  /** Grows with every change of owner. */
  readonly epoch: number;
  /** The receiver of a hand-over. Empty if none. */
  readonly to: string;
  /** The load for which it was last moved. 0 if it was moved for another reason. */
  readonly movedLoad: number;
}

export interface InstallationEntry {
  readonly partitions: number;
}

export type EntryKey =
  | { readonly kind: "installation" }
  | { readonly kind: "process"; readonly holder: string }
  | { readonly kind: "behaviour"; readonly service: string }
  | { readonly kind: "partition"; readonly service: string; readonly partition: number };

export const installationKey = "installation";
/** Keys that change by decisions, and keys that their processes renew, as filters of NATS. */
export const decidedKeys: readonly string[] = [installationKey, "partition.>", "behaviour.>"];
export const livingKeys = "process.>";

export function holderKey(holder: string): string {
  return `process.${holder}`;
}

export function partitionKey(service: string, partition: number): string {
  return `partition.${service}.${partition}`;
}

export function behaviourKey(service: string): string {
  return `behaviour.${service}`;
}

/** Returns the subject of a key. Undefined for a key that this release does not know. */
export function entryKeyOf(key: string): EntryKey | undefined {
  const [kind, first = "", second] = key.split(".");
  if (key === installationKey) return { kind: "installation" };
  if (kind === "process" && first !== "" && second === undefined) return { kind: "process", holder: first };
  if (kind === "behaviour" && first !== "" && second === undefined)
    return { kind: "behaviour", service: first };
  const partition = Number(second);
  if (kind === "partition" && second !== undefined && Number.isSafeInteger(partition) && partition >= 0) {
    return { kind: "partition", service: first, partition };
  }
  return undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns the part of an entry that others must see at once: everything but its load. */
export function visiblePartOf(entry: HolderEntry): string {
  const places = [...entry.loads].map(([service, loads]) => [service, [...loads.keys()]]);
  return JSON.stringify([entry.address, entry.leaving, places, [...entry.prepared], levelsOf(entry)]);
}

function levelsOf({ behaviours }: HolderEntry) {
  return [...behaviours].map(([service, levels]) => [service, [...levels]]);
}

export function encodeHolder({ address, leaving, loads, prepared, behaviours }: HolderEntry): Uint8Array {
  const services: Record<string, Record<string, number>> = {};
  for (const [service, byPartition] of loads) {
    const figures: Record<string, number> = {};
    for (const [partition, load] of byPartition) figures[partition] = Math.round(load * 1_000) / 1_000;
    services[service] = figures;
  }
  const ready = prepared.size > 0 && { prepared: [...prepared] };
  const newer = [...behaviours].map(([service, levels]) => [service, Object.fromEntries(levels)]);
  const has = newer.length > 0 && { behaviours: Object.fromEntries(newer) };
  return encoder.encode(JSON.stringify({ address, leaving, services, ...ready, ...has }));
}

export function decodeHolder(key: string, bytes: Uint8Array): HolderEntry {
  const { address, leaving, services, prepared = [], behaviours = {} } = decoded(key, bytes);
  if (!isText(address) || typeof leaving !== "boolean" || !isObject(services)) throw wrong(key);
  if (!Array.isArray(prepared) || !prepared.every(isText)) throw wrong(key);
  if (!isObject(behaviours)) throw wrong(key);
  const has = Object.entries(behaviours).map(
    ([service, levels]) => [service, levelsIn(key, levels)] as const,
  );
  const loads = new Map<string, ReadonlyMap<number, number>>();
  for (const [service, figures] of Object.entries(services)) {
    if (!isObject(figures)) throw wrong(key);
    const entries = Object.entries(figures).map(([partition, load]) => [Number(partition), load] as const);
    if (!entries.every((entry): entry is [number, number] => isCount(entry[0]) && isShare(entry[1]))) {
      throw wrong(key);
    }
    loads.set(service, new Map(entries));
  }
  return { address, leaving, loads, prepared: new Set(prepared), behaviours: new Map(has) };
}

export function encodeBehaviour(levels: BehaviourLevels): Uint8Array {
  return encoder.encode(JSON.stringify(Object.fromEntries(levels)));
}

export function decodeBehaviour(key: string, bytes: Uint8Array): BehaviourLevels {
  return levelsIn(key, decoded(key, bytes));
}

function levelsIn(key: string, levels: unknown): BehaviourLevels {
  if (!isObject(levels)) throw wrong(key);
  const entries = Object.entries(levels);
  if (!entries.every((entry): entry is [string, number] => isCount(entry[1]))) throw wrong(key);
  return new Map(entries);
}

export function encodePartition(entry: PartitionEntry): Uint8Array {
  return encoder.encode(JSON.stringify(entry));
}

export function decodePartition(key: string, bytes: Uint8Array): PartitionEntry {
  const { owner, address, epoch, to, movedLoad } = decoded(key, bytes);
  const good = isText(owner) && isText(address) && isCount(epoch) && isText(to) && isShare(movedLoad);
  if (!good) throw wrong(key);
  return { owner, address, epoch, to, movedLoad };
}

export function encodeInstallation(entry: InstallationEntry): Uint8Array {
  return encoder.encode(JSON.stringify(entry));
}

export function decodeInstallation(key: string, bytes: Uint8Array): InstallationEntry {
  const { partitions } = decoded(key, bytes);
  if (!isCount(partitions)) throw wrong(key);
  return { partitions };
}

function decoded(key: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    if (isObject(value)) return value;
  } catch (cause) {
    throw ownershipErrors.unreadable({ key, reason: "bytes that are no JSON" }, { cause });
  }
  throw wrong(key);
}

function wrong(key: string) {
  return ownershipErrors.unreadable({ key, reason: "JSON of another form" });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
