// How the contracts' names are spelled in TypeScript; the same rules as ts-proto's.

export function camelCase(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

export function lowerFirst(name) {
  return name[0].toLowerCase() + name.slice(1);
}

/** The TypeScript name of a message or enum: `Outer_Inner` for nested ones. */
export function typeName(descriptor) {
  return descriptor.typeName.slice(descriptor.file.proto.package.length + 1).replaceAll(".", "_");
}

/** The path of the module that ts-proto makes of a file, seen from `generated/<area>/`. */
export function modulePath(file) {
  return `../${file.proto.name.replace(/\.proto$/, ".ts")}`;
}

/** The name under which a file's messages are imported: `registryMessages`, `runtimeJournalMessages`. */
export function messagesName(file) {
  const words = file.proto.name
    .replace(/\.proto$/, "")
    .replace(/^tutti\//, "")
    .split("/");
  const distinct = words.filter((word, i) => !/^v\d+$/.test(word) && word !== words[i - 2]);
  return `${camelCase(distinct.join("_"))}Messages`;
}

/** Collects the modules that a generated file imports, each under one name. */
export class Imports {
  #names = new Map();

  /** The expression for a message of the contracts. */
  message(descriptor) {
    return this.from(modulePath(descriptor.file), messagesName(descriptor.file), typeName(descriptor));
  }

  /** The expression for an export of another module. */
  from(path, name, exported) {
    this.#names.set(path, name);
    return `${name}.${exported}`;
  }

  lines(kind) {
    return [...this.#names]
      .sort()
      .map(([path, name]) => `import ${kind}* as ${name} from ${JSON.stringify(path)};`);
  }
}

/** The codecs that a generated file makes, one per message. */
export class Codecs {
  #messages;
  #types = new Set();

  constructor(messages) {
    this.#messages = messages;
  }

  /** The name of the codec of a message. */
  of(descriptor) {
    const type = this.#messages.message(descriptor);
    this.#types.add(type);
    return codecName(type);
  }

  lines() {
    return [...this.#types].map((type) => `const ${codecName(type)} = codecOf(${type});`);
  }
}

function codecName(type) {
  return `${type.replace(".", "_")}Codec`;
}
