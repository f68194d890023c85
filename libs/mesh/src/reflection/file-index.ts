/**
 * Finds files of descriptors by name, by their declarations, and by their extensions. Field numbers as in
 * descriptor.proto.
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";

interface DescribedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
}

export class FileIndex {
  readonly #files = new Map<string, DescribedFile>();
  readonly #symbols = new Map<string, string>();
  /** By extended type, then by number: the file that declares the extension. */
  readonly #extensions = new Map<string, Map<number, string>>();

  /** Adds the files of a `google.protobuf.FileDescriptorSet`. */
  addSet(bytes: Uint8Array): void {
    for (const file of parts(bytes, 1)) this.add(file);
  }

  /** Adds a `google.protobuf.FileDescriptorProto`. */
  add(bytes: Uint8Array): void {
    const name = text(bytes, 1);
    if (this.#files.has(name)) return;
    const scope = text(bytes, 2);
    this.#files.set(name, { name, bytes, dependencies: texts(bytes, 3) });
    for (const message of parts(bytes, 4)) this.#addMessage(name, scope, message);
    for (const enumeration of parts(bytes, 5)) this.#addSymbol(name, scope, text(enumeration, 1));
    for (const service of parts(bytes, 6)) this.#addService(name, scope, service);
    for (const extension of parts(bytes, 7)) this.#addExtension(name, scope, extension);
  }

  /** Returns the file and all its imports, itself first. Undefined if it is missing. */
  withImports(name: string): Uint8Array[] | undefined {
    const found: Uint8Array[] = [];
    const seen = new Set<string>();
    const visit = (fileName: string): boolean => {
      if (seen.has(fileName)) return true;
      seen.add(fileName);
      const file = this.#files.get(fileName);
      if (file === undefined) return false;
      found.push(file.bytes);
      for (const dependency of file.dependencies) visit(dependency);
      return true;
    };
    return visit(name) ? found : undefined;
  }

  fileOfSymbol(symbol: string): string | undefined {
    return this.#symbols.get(symbol.replace(/^\./, ""));
  }

  fileOfExtension(type: string, number: number): string | undefined {
    return this.#extensions.get(type)?.get(number);
  }

  extensionsOf(type: string): number[] | undefined {
    const numbers = this.#extensions.get(type);
    if (numbers !== undefined) return [...numbers.keys()].sort((a, b) => a - b);
    return this.#symbols.has(type) ? [] : undefined;
  }

  #addMessage(file: string, scope: string, bytes: Uint8Array): void {
    const symbol = this.#addSymbol(file, scope, text(bytes, 1));
    for (const field of parts(bytes, 2)) this.#addSymbol(file, symbol, text(field, 1));
    for (const nested of parts(bytes, 3)) this.#addMessage(file, symbol, nested);
    for (const enumeration of parts(bytes, 4)) this.#addSymbol(file, symbol, text(enumeration, 1));
    for (const extension of parts(bytes, 6)) this.#addExtension(file, symbol, extension);
  }

  #addService(file: string, scope: string, bytes: Uint8Array): void {
    const symbol = this.#addSymbol(file, scope, text(bytes, 1));
    for (const method of parts(bytes, 2)) this.#addSymbol(file, symbol, text(method, 1));
  }

  #addExtension(file: string, scope: string, bytes: Uint8Array): void {
    this.#addSymbol(file, scope, text(bytes, 1));
    const type = text(bytes, 2).replace(/^\./, "");
    const numbers = this.#extensions.get(type) ?? new Map<number, string>();
    this.#extensions.set(type, numbers);
    numbers.set(number(bytes, 3), file);
  }

  #addSymbol(file: string, scope: string, name: string): string {
    const symbol = scope === "" ? name : `${scope}.${name}`;
    this.#symbols.set(symbol, file);
    return symbol;
  }
}

/** Returns the values of a field of bytes, text or messages, in order. */
function parts(bytes: Uint8Array, fieldNumber: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === fieldNumber) found.push(reader.bytes());
    else reader.skip(wireType);
  }
  return found;
}

const decoder = new TextDecoder();

function texts(bytes: Uint8Array, field: number): string[] {
  return parts(bytes, field).map((part) => decoder.decode(part));
}

function text(bytes: Uint8Array, field: number): string {
  return texts(bytes, field).at(-1) ?? "";
}

function number(bytes: Uint8Array, fieldNumber: number): number {
  const reader = new BinaryReader(bytes);
  let value = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === fieldNumber) value = reader.int32();
    else reader.skip(wireType);
  }
  return value;
}
