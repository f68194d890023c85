/**
 * Returns the view of a state for a decider in a test: the live state, so that events show at once, but read-only.
 * Plain objects, lists, maps, sets and bytes are guarded. Changes that an object with private fields makes to itself
 * are not detected here, but the comparison of the state with its events detects them.
 */
import { MachineViolation } from "./violation.ts";

const views = new WeakMap<object, object>();

export function guarded<Value>(value: Value, location: string): Value {
  if (typeof value !== "object" || value === null) return value;
  const view = views.get(value) ?? viewOf(value, location);
  views.set(value, view);
  // The view has the type of its target.
  return view as Value;
}

/** Freezes plain data permanently: the receiver of a reference must not change it. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
}

function viewOf(value: object, location: string): object {
  if (value instanceof Map || value instanceof Set) return new Proxy(value, collectionHandler(location));
  // A typed array's methods need the array itself, so this returns a copy. A clone would copy the whole memory behind a
  // view.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value);
  return isPlain ? new Proxy(value, handler(location)) : value;
}

function refused(location: string, change: string): never {
  throw new MachineViolation(
    `${location}: only a fold changes the state, got ${change}; emit an event instead, and copy what you take from the state into it`,
  );
}

function handler(location: string): ProxyHandler<object> {
  return {
    get(target, property, receiver) {
      const found: unknown = Reflect.get(target, property, receiver);
      // A view of a frozen object must return the very property, which is deeply frozen: the body of an event, kept.
      return isFixed(target, property) ? found : guarded(found, location);
    },
    set: (_, property) => refused(location, `${String(property)} set`),
    deleteProperty: (_, property) => refused(location, `${String(property)} deleted`),
    defineProperty: (_, property) => refused(location, `${String(property)} defined`),
    setPrototypeOf: () => refused(location, "a prototype set"),
    preventExtensions: () => refused(location, "an object frozen"),
  };
}

function isFixed(target: object, property: PropertyKey): boolean {
  const found = Reflect.getOwnPropertyDescriptor(target, property);
  return found?.configurable === false && found.writable === false;
}

const changes = new Set<PropertyKey>(["set", "add", "delete", "clear"]);

function collectionHandler(location: string): ProxyHandler<Map<unknown, unknown> | Set<unknown>> {
  return {
    ...handler(location),
    get(target, property) {
      if (changes.has(property)) return () => refused(location, `${String(property)} of a collection`);
      if (property === "forEach")
        return (visit: (value: unknown, key: unknown) => void) =>
          target.forEach((value, key) => {
            visit(guarded(value, location), guarded(key, location));
          });
      // Native methods and `size` need the collection itself.
      const found: unknown = Reflect.get(target, property, target);
      if (typeof found !== "function") return found;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(found, target, args);
        return isIterator(result) ? guardedEach(result, location) : guarded(result, location);
      };
    },
  };
}

/** An entry of a map is a new array of the map's key and value. */
function* guardedEach(entries: Iterable<unknown>, location: string): Generator<unknown> {
  for (const entry of entries)
    yield Array.isArray(entry) ? entry.map((each) => guarded(each, location)) : guarded(entry, location);
}

function isIterator(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && "next" in value && Symbol.iterator in value;
}
