// The part of the contracts that some messages need, without comments and without our own options.
import { clone, create } from "@bufbuild/protobuf";
import { DescriptorProtoSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/**
 * @typedef {import("@bufbuild/protobuf/wkt").FileDescriptorSet} FileSet
 * @typedef {import("@bufbuild/protobuf/wkt").FileDescriptorProto} File
 * @typedef {import("@bufbuild/protobuf/wkt").DescriptorProto} Message
 * @typedef {import("@bufbuild/protobuf/wkt").EnumDescriptorProto} Enum
 */

/**
 * @param {FileSet} set
 * @param {string[]} wanted full names of messages
 * @returns {File[]} in the order of their imports
 */
export function neededFiles(set, requested) {
  /** @type {Map<string, { file: File, message?: Message }>} */
  const types = new Map();
  for (const file of set.file) {
    for (const message of file.messageType) types.set(`.${file.package}.${message.name}`, { file, message });
    for (const { name } of file.enumType) types.set(`.${file.package}.${name}`, { file });
  }
  /** @type {Set<string>} */
  const needed = new Set();
  /** @param {string} name */
  const need = (name) => {
    const found = types.get(name);
    // A nested type, such as the entry of a map, comes with its outer type.
    if (found === undefined || needed.has(name)) return;
    needed.add(name);
    if (found.message !== undefined) for (const used of typesIn(found.message)) need(used);
  };
  for (const name of requested) {
    if (!types.has(`.${name}`)) throw new Error(`the contracts have no message ${name}`);
    need(`.${name}`);
  }
  const names = new Set([...needed].map((name) => types.get(name)?.file.name ?? ""));
  return set.file.filter(({ name }) => names.has(name)).map((file) => partOf(file, needed, names));
}

/** @param {Message} message @returns {string[]} */
function typesIn({ field, nestedType }) {
  return [...field.map(({ typeName }) => typeName).filter(Boolean), ...nestedType.flatMap(typesIn)];
}

/**
 * @param {File} file
 * @param {Set<string>} needed
 * @param {Set<string>} names
 */
function partOf(file, needed, names) {
  /** @param {{ name: string }} type */
  const isNeeded = ({ name }) => needed.has(`.${file.package}.${name}`);
  return create(FileDescriptorProtoSchema, {
    name: file.name,
    package: file.package,
    syntax: file.syntax,
    dependency: file.dependency.filter((name) => names.has(name)),
    messageType: file.messageType.filter(isNeeded).map(withoutOptions),
    enumType: file.enumType.filter(isNeeded),
  });
}

/** @param {Message} message */
function withoutOptions(message) {
  const copy = clone(DescriptorProtoSchema, message);
  clear(copy);
  return copy;
}

/** @param {Message} message */
function clear({ field, oneofDecl, nestedType }) {
  // The option of a nested type that marks the entry of a map must stay.
  for (const one of [...field, ...oneofDecl]) delete one.options;
  for (const nested of nestedType) clear(nested);
}
