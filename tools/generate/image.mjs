// The contracts as descriptors: compiled by buf, with our own options and the line of each part.
import { createFileRegistry, fromBinary, getOption, hasOption } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { buf, fromRoot } from "./buf.mjs";

const optionsPackage = "tutti.types.v1";

/** Compiles a folder of .proto files. */
export function readImage(folder) {
  const set = fromBinary(FileDescriptorSetSchema, buf("build", folder, "-o", "-"));
  const registry = createFileRegistry(set);
  const files = [...registry.files].filter((file) => file.proto.package.startsWith("tutti."));
  files.sort((a, b) => (a.proto.name < b.proto.name ? -1 : 1));
  return { set, files, lineOf: lineFinder(set, fromRoot(folder)), ruleOf: optionReader(registry) };
}

/** Returns the area of a file: `registry` of `tutti.registry.v1`. */
export function areaOf(file) {
  return file.proto.package.split(".")[1];
}

function optionReader(registry) {
  const extensions = Object.fromEntries(
    ["rpc", "field", "choice", "event", "state"].map((name) => {
      const extension = registry.getExtension(`${optionsPackage}.${name}`);
      if (extension === undefined)
        throw new Error(`the contracts do not declare the option (${optionsPackage}.${name})`);
      return [name, extension];
    }),
  );
  return (name, descriptor) =>
    hasOption(descriptor, extensions[name]) ? getOption(descriptor, extensions[name]) : undefined;
}

function lineFinder(set, folder) {
  const places = new Map();
  for (const file of set.file) {
    const lines = new Map();
    for (const location of file.sourceCodeInfo?.location ?? [])
      lines.set(location.path.join(), location.span[0] + 1);
    const place = (proto, path) => places.set(proto, `${folder}/${file.name}:${lines.get(path.join()) ?? 1}`);
    const visitMessage = (message, path) => {
      place(message, path);
      for (const [i, field] of message.field.entries()) place(field, [...path, 2, i]);
      for (const [i, nested] of message.nestedType.entries()) visitMessage(nested, [...path, 3, i]);
      for (const [i, oneof] of message.oneofDecl.entries()) place(oneof, [...path, 8, i]);
    };
    const visitEnum = (type, path) => {
      place(type, path);
      for (const [i, value] of type.value.entries()) place(value, [...path, 2, i]);
    };
    place(file, []);
    for (const [i, message] of file.messageType.entries()) visitMessage(message, [4, i]);
    for (const [i, type] of file.enumType.entries()) visitEnum(type, [5, i]);
    for (const [i, service] of file.service.entries()) {
      place(service, [6, i]);
      for (const [j, method] of service.method.entries()) place(method, [6, i, 2, j]);
    }
  }
  return (descriptor) => places.get(descriptor.proto) ?? folder;
}
