// Writes a module for each file of the contracts: its enums, its messages as types, and a table per message.
// `libs/contracts/src/message` reads and writes messages by these tables.
import { posix } from "node:path";
import { ScalarType } from "@bufbuild/protobuf";
import { commentsOf } from "../reference/comments.mjs";
import { hotFunctions, isHot, isWrittenPacked } from "./hot-code.mjs";
import { camelCase, generatedHeader, pure, typeName } from "./names.mjs";
import { everyMessage } from "./rules.mjs";
import { mask, scalars, timestamp } from "./scalars.mjs";

/** Not needed at run time: the rules are read here, and descriptor.proto is large. */
const leftOut = "tutti/types/v1/options.proto";

/** Returns files by path under `generated/`. The contracts keep the rules, so that every field has a row. */
export function messageModules(image) {
  const commentOf = commentsOf(image.set);
  const files = new Map();
  for (const file of image.files) {
    if (file.proto.name === leftOut || file.messages.length + file.enums.length === 0) continue;
    files.set(
      file.proto.name.replace(/\.proto$/, ".ts"),
      latin1(new MessageWriter(file, commentOf).module()),
    );
  }
  return files;
}

class MessageWriter {
  #file;
  #commentOf;
  /** Imports by full name: the module, the name there and the name here. */
  #imports = new Map();
  #localNames;

  constructor(file, commentOf) {
    this.#file = file;
    this.#commentOf = commentOf;
    this.#localNames = new Set([...everyMessage(file.messages), ...file.enums].map(typeName));
  }

  module() {
    const { messages, enums } = this.#file;
    const all = [...everyMessage(messages)];
    const parts = [
      ...enums.map((one) => this.#enumeration(one)),
      ...all.map((one) => this.#interface(one)),
      ...all.map((one) => this.#table(one)),
    ];
    return [
      generatedHeader,
      ...this.#importLines(all),
      "",
      parts.map((lines) => lines.join("\n")).join("\n\n"),
      "",
    ].join("\n");
  }

  #importLines(all) {
    const folder = posix.dirname(`generated/${this.#file.proto.name}`);
    const from = (path) => JSON.stringify(posix.relative(folder, path).replace(/^(?!\.)/, "./"));
    const byPath = Map.groupBy(this.#imports.values(), ({ path }) => path);
    const isAnyHot = all.some(isHot);
    const kit =
      all.length === 0 ? [] : [`import { ${kitNames(all).join(", ")} } from ${from("message/message.ts")};`];
    if (isAnyHot) {
      kit.unshift('import type { BinaryWriter } from "@bufbuild/protobuf/wire";');
      kit.push(`import type { Reader } from ${from("message/reader.ts")};`);
    }
    const others = [...byPath].sort().map(([path, names]) => {
      const list = names.map(({ name, local }) => (name === local ? name : `${name} as ${local}`)).sort();
      return `import { ${list.join(", ")} } from ${from(path)};`;
    });
    return [...kit, ...others];
  }

  #enumeration(one) {
    const name = typeName(one);
    const comment = about(this.#commentOf(one));
    const values = one.values.flatMap((value) => [
      ...about(this.#commentOf(value), "  "),
      `  ${value.name}: ${value.number},`,
    ]);
    const types = [...one.values.map((value) => value.name), "UNRECOGNIZED"].map(
      (value) => `  export type ${value} = typeof ${name}.${value};`,
    );
    return [
      ...comment,
      `export const ${name} = {`,
      ...values,
      "  UNRECOGNIZED: -1,",
      "} as const;",
      `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
      `export namespace ${name} {`,
      ...types,
      "}",
    ];
  }

  #interface(message) {
    const members = membersOf(message).flatMap((member) =>
      member.kind === "oneof" ? this.#choices(member) : this.#property(member),
    );
    return [
      ...about(this.#commentOf(message)),
      `export interface ${typeName(message)} {`,
      ...members.map((line) => `  ${line}`),
      "}",
    ];
  }

  #property(field) {
    return [
      ...about(this.#commentOf(field)),
      `${camelCase(field.name)}${field.proto.proto3Optional ? "?" : ""}: ${this.#typeOf(field)};`,
    ];
  }

  #choices(oneof) {
    const choices = oneof.fields.flatMap((field) => [
      ...about(this.#commentOf(field), "  "),
      `  | { $case: "${camelCase(field.name)}"; value: ${this.#shapeOf(field).type} }`,
    ]);
    return [...about(this.#commentOf(oneof)), `${camelCase(oneof.name)}:`, ...choices, "  | undefined;"];
  }

  #typeOf(field) {
    const { type } = this.#shapeOf(field);
    if (field.fieldKind === "list") return `${type}[]`;
    if (field.fieldKind === "map") return `{ [key: string]: ${type} }`;
    return field.fieldKind === "message" || field.proto.proto3Optional ? `${type} | undefined` : type;
  }

  #table(message) {
    const name = typeName(message);
    const empty = membersOf(message).map((member) => `${camelCase(member.name)}: ${this.#emptyOf(member)}`);
    const rows = message.fields.map((field) => {
      const { row } = this.#shapeOf(field);
      const how = howOf(field);
      const parts = [`"${camelCase(field.name)}"`, field.number, row, ...(how === "" ? [] : [`"${how}"`])];
      return `    [${parts.join(", ")}],`;
    });
    const table = rows.length === 0 ? ["  () => [],"] : ["  () => [", ...rows, "  ],"];
    const literal = empty.length === 0 ? "{}" : `{ ${empty.join(", ")} }`;
    if (!isHot(message))
      return [
        `export const ${name}: MessageType<${name}> = ${pure}message(`,
        `  () => (${literal}),`,
        ...table,
        ");",
      ];
    return [
      `const empty${name} = (): ${name} => (${literal});`,
      `export const ${name}: HotMessageType<${name}> = ${pure}hotMessage(`,
      `  empty${name},`,
      ...table,
      `  write${name},`,
      `  read${name},`,
      ");",
      ...hotFunctions(message, (other) => this.#nameOf(other)),
    ];
  }

  #emptyOf(member) {
    if (member.kind === "oneof") return "undefined";
    if (member.fieldKind === "list") return "[]";
    if (member.fieldKind === "map") return "{}";
    return member.proto.proto3Optional ? "undefined" : this.#shapeOf(member).empty;
  }

  /** Returns the type of a value of a field, its part of the row, and its empty value. */
  #shapeOf(field) {
    if (field.message !== undefined) {
      if (field.message.typeName === mask) return { type: "string[]", row: '"mask"', empty: "undefined" };
      const local = this.#nameOf(field.message);
      return { type: local, row: local, empty: "undefined" };
    }
    if (field.enum !== undefined) {
      const local = this.#nameOf(field.enum);
      return { type: local, row: local, empty: "0" };
    }
    const { name, type, empty } = scalars.get(field.scalar);
    return { type, row: `"${name}"`, empty };
  }

  /** Returns the name of a message or an enum in this module. */
  #nameOf(descriptor) {
    if (descriptor.file === this.#file) return typeName(descriptor);
    const known = this.#imports.get(descriptor.typeName);
    if (known !== undefined) return known.local;
    const isTimestamp = descriptor.typeName === timestamp;
    const name = isTimestamp ? "Timestamp" : typeName(descriptor);
    const path = isTimestamp
      ? "message/timestamp.ts"
      : `generated/${descriptor.file.proto.name.replace(/\.proto$/, ".ts")}`;
    let local = name;
    for (let count = 1; this.#localNames.has(local); count++) local = `${name}${count}`;
    this.#localNames.add(local);
    this.#imports.set(descriptor.typeName, { path, name, local });
    return local;
  }
}

/** Returns the names of the functions that create tables. */
function kitNames(all) {
  const hot = all.some(isHot) ? ["type HotMessageType", "hotMessage"] : [];
  const table = all.every(isHot) ? [] : ["type MessageType", "message"];
  const hasBytes = all.some(({ fields }) =>
    fields.some(
      (field) =>
        field.fieldKind === "scalar" &&
        field.scalar === ScalarType.BYTES &&
        field.oneof === undefined &&
        !field.proto.proto3Optional,
    ),
  );
  return [...hot, ...table, ...(hasBytes ? ["nothing"] : [])];
}

/** Returns the members of a message: its fields, and each oneof at the position of its first field. */
function membersOf(message) {
  return [...new Set(message.fields.map((field) => field.oneof ?? field))];
}

function howOf(field) {
  if (field.fieldKind === "map") return "map";
  // A list with a rule is written unpacked, as in all releases, so that bytes in journals stay the same. Both are read.
  if (field.fieldKind === "list") return isWrittenPacked(field) ? "packed" : "list";
  if (field.oneof !== undefined) return `oneof ${camelCase(field.oneof.name)}`;
  return field.proto.proto3Optional ? "optional" : "";
}

/** Returns a comment without additional lines. */
function about(text, indent = "") {
  if (text === "") return [];
  return `${indent}/** ${text.replaceAll("*/", "* /").replaceAll("\n", `\n${indent} * `)} */`
    .split("\n")
    .map((line) => line.trimEnd());
}

/** Replaces characters outside of Latin-1, which only comments have. V8 keeps a source with one in twice the memory. */
function latin1(text) {
  return text
    .replace(/[\u2010-\u2015]/g, "-")
    .replace(/\u2026/g, "...")
    .replace(/\u2264/g, "<=")
    .replace(/\u2265/g, ">=")
    .replace(/[\u0100-\uffff]/g, "?");
}
