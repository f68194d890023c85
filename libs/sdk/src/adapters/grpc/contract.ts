/**
 * The services of a gRPC server, from `.proto` files, from a descriptor set, or by reflection.
 *
 * 1. Descriptors are data of another program. Their number and size are bounded.
 * 2. Values in JSON have the canonical form of Protobuf: `int64` as text, `bytes` as Base64, times as RFC 3339.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type * as Protobuf from "@bufbuild/protobuf";
import type { DescMethod, FileRegistry } from "@bufbuild/protobuf";
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { clientFor } from "../client.ts";
import { adapterErrors } from "../errors.ts";

export interface GrpcContract {
  /** `.proto` files. They need the package `@grpc/proto-loader`. */
  readonly protos?: readonly string[];
  /** Folders of imported files. Default: the folders of the files. */
  readonly protoFolders?: readonly string[];
  /** A file with a descriptor set, for example from `buf build -o shop.binpb` or `protoc --include_imports -o`. */
  readonly descriptors?: string;
}

export interface Contract {
  readonly codec: typeof Protobuf;
  readonly registry: FileRegistry;
  readonly methods: readonly DescMethod[];
}

/** Requests the descriptors of all services of a server. */
export type Reflect = (readNames: (file: Uint8Array) => readonly string[]) => Promise<readonly Uint8Array[]>;

const filesMax = 2_000;
const bytesMax = 32 * 1024 * 1024;
/** Infrastructure services next to the services of the application. */
const ofTheServer = /^grpc\.(reflection|health|channelz)\./;

export async function readContract(
  adapter: string,
  contract: GrpcContract,
  reflect: Reflect,
): Promise<Contract> {
  const codec = await clientFor(adapter, "@bufbuild/protobuf", () => import("@bufbuild/protobuf"));
  const wellKnown = await import("@bufbuild/protobuf/wkt");
  const decode = (bytes: Uint8Array) => codec.fromBinary(wellKnown.FileDescriptorProtoSchema, bytes);
  let files: readonly FileDescriptorProto[];
  if (contract.descriptors !== undefined) {
    const set = codec.fromBinary(wellKnown.FileDescriptorSetSchema, await readFile(contract.descriptors));
    files = set.file;
  } else if (contract.protos !== undefined) files = (await compiled(adapter, contract)).map(decode);
  else files = (await reflect((bytes) => decode(bytes).dependency)).map(decode);
  if (files.length > filesMax)
    throw adapterErrors.invalid({ adapter, problem: `it has more than ${filesMax} files of descriptors` });
  complete(files);
  const set = codec.create(wellKnown.FileDescriptorSetSchema, { file: inOrder(adapter, files) });
  const registry = codec.createFileRegistry(set);
  const services = [...registry].filter((type) => type.kind === "service");
  const methods = services
    .filter(({ typeName }) => !ofTheServer.test(typeName))
    .flatMap((service) => service.methods);
  return { codec, registry, methods };
}

async function compiled(adapter: string, { protos = [], protoFolders }: GrpcContract) {
  const loader = await clientFor(adapter, "@grpc/proto-loader", () => import("@grpc/proto-loader"));
  const includeDirs = [...(protoFolders ?? new Set(protos.map((file) => dirname(resolve(file)))))];
  const found = new Map<string, Uint8Array>();
  try {
    // The asynchronous function throws outside of its promise for an unknown type.
    const read = loader.loadSync(
      protos.map((file) => resolve(file)),
      { includeDirs },
    );
    for (const entry of Object.values(read))
      if ("fileDescriptorProtos" in entry)
        for (const bytes of entry.fileDescriptorProtos as Buffer[])
          found.set(bytes.toString("latin1"), bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw adapterErrors.invalid({ adapter, problem: `a file cannot be read: ${reason}` }, { cause: error });
  }
  return [...found.values()];
}

/**
 * Completes the descriptors that Node creates from a file. They have relative names of types, no JSON names and no
 * imports.
 */
function complete(files: readonly FileDescriptorProto[]): void {
  const declaringFiles = new Map<string, string>();
  for (const file of files)
    for (const name of typesIn(file.package === "" ? "" : `.${file.package}`, file))
      declaringFiles.set(name, file.name);
  for (const file of files) {
    const imported = new Set(file.dependency);
    const qualify = (scope: string, name: string): string => {
      let found = name.startsWith(".") || name === "" ? name : undefined;
      for (let within = scope; found === undefined; within = within.slice(0, within.lastIndexOf(".")))
        if (declaringFiles.has(`${within}.${name}`) || within === "") found = `${within}.${name}`;
      const declaringFile = declaringFiles.get(found);
      if (declaringFile !== undefined && declaringFile !== file.name) imported.add(declaringFile);
      return found;
    };
    const completeIn = (
      scope: string,
      messages: readonly DescriptorProto[],
      fields: FieldDescriptorProto[],
    ) => {
      for (const field of fields) {
        field.typeName = qualify(scope, field.typeName);
        field.extendee = qualify(scope, field.extendee);
        field.jsonName ||= field.name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
      }
      for (const { name, nestedType, field, extension } of messages)
        completeIn(`${scope}.${name}`, nestedType, [...field, ...extension]);
    };
    const scope = file.package === "" ? "" : `.${file.package}`;
    completeIn(scope, file.messageType, file.extension);
    for (const method of file.service.flatMap((service) => service.method)) {
      method.inputType = qualify(scope, method.inputType);
      method.outputType = qualify(scope, method.outputType);
    }
    file.dependency = [...imported];
  }
}

interface Declared {
  readonly messageType?: readonly DescriptorProto[];
  readonly nestedType?: readonly DescriptorProto[];
  readonly enumType: readonly { readonly name: string }[];
}

function typesIn(scope: string, { messageType, nestedType, enumType }: Declared): readonly string[] {
  const messages = messageType ?? nestedType ?? [];
  return [
    ...enumType.map(({ name }) => `${scope}.${name}`),
    ...messages.flatMap((message) => [
      `${scope}.${message.name}`,
      ...typesIn(`${scope}.${message.name}`, message),
    ]),
  ];
}

/** Sorts files so that each file follows its imports. */
function inOrder(adapter: string, files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const visit = (name: string, importing: readonly string[]) => {
    const file = byName.get(name);
    if (file === undefined)
      throw adapterErrors.invalid({
        adapter,
        problem: `${importing.at(-1)} imports ${name}, which is missing`,
      });
    if (ordered.has(file) || importing.includes(name)) return;
    for (const imported of file.dependency) visit(imported, [...importing, name]);
    ordered.add(file);
  };
  for (const { name } of byName.values()) visit(name, []);
  return [...ordered];
}

/** Reads descriptors by the protocol `grpc.reflection.v1`. `exchange` sends requests and returns the replies to each. */
export function reflection(
  adapter: string,
  exchange: (requests: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>,
): Reflect {
  const request = async (requests: readonly Uint8Array[]) => {
    const replies = await exchange(requests);
    return replies.flatMap((reply) => {
      const fields = fieldsOf(reply);
      const refused = fields.get(errorField)?.[0];
      if (refused !== undefined)
        throw adapterErrors.invalid({
          adapter,
          problem: `the server does not describe itself: ${text(fieldsOf(refused).get(2)?.[0])}`,
        });
      return fields;
    });
  };
  return async (readNames) => {
    const [listed] = await request([requestOf(listServices, "*")]);
    const services = (fieldsOf(listed?.get(servicesField)?.[0]).get(1) ?? []).map((entry) =>
      text(fieldsOf(entry).get(1)?.[0]),
    );
    const found = new Map<string, Uint8Array>();
    let bytes = 0;
    const addFiles = (replies: Awaited<ReturnType<typeof request>>) => {
      for (const reply of replies)
        for (const file of fieldsOf(reply.get(filesField)?.[0]).get(1) ?? []) {
          bytes += file.length;
          found.set(text(fieldsOf(file).get(1)?.[0]), file);
        }
      if (found.size > filesMax || bytes > bytesMax)
        throw adapterErrors.invalid({ adapter, problem: "the server describes more types than the limit" });
    };
    addFiles(await request(services.map((service) => requestOf(fileWithSymbol, service))));
    for (;;) {
      const missing = [...new Set([...found.values()].flatMap(readNames))].filter((name) => !found.has(name));
      if (missing.length === 0) return [...found.values()];
      addFiles(await request(missing.map((name) => requestOf(fileWithName, name))));
      const stillMissing = missing.find((name) => !found.has(name));
      if (stillMissing !== undefined)
        throw adapterErrors.invalid({ adapter, problem: `the server does not describe ${stillMissing}` });
    }
  };
}

const [fileWithName, fileWithSymbol, listServices] = [3, 4, 7];
const [filesField, servicesField, errorField] = [4, 6, 7];

function requestOf(field: number, value: string): Uint8Array {
  const encoded = Buffer.from(value);
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(encoded.length), encoded]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let remaining = value;
  for (; remaining > 127; remaining >>>= 7) bytes.push((remaining & 127) | 128);
  return Buffer.from([...bytes, remaining]);
}

/** Returns the length-delimited fields of a message. Other fields are skipped. */
function fieldsOf(message: Uint8Array | undefined): Map<number, Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>();
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message?.[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128 || shift > 56) return value;
    }
  };
  while (message !== undefined && at < message.length) {
    const tag = number();
    const [field, form] = [Math.floor(tag / 8), tag % 8];
    if (form === 0) number();
    else if (form === 1) at += 8;
    else if (form === 5) at += 4;
    else if (form === 2) {
      const length = number();
      const values = fields.get(field) ?? [];
      values.push(message.subarray(at, at + length));
      fields.set(field, values);
      at += length;
    } else break;
  }
  return fields;
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}
