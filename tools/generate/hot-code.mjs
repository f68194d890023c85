// Generates code for messages that pass up to a hundred thousand times a second. It writes and reads them in half or
// two thirds of the time of their table. The code takes two lines per field, so only these messages have it.
import { ScalarType } from "@bufbuild/protobuf";
import { camelCase, typeName } from "./names.mjs";

/** Hot messages by package, with the reason. */
const hot = new Map([
  // Every task crosses the link of an agent twice.
  ["tutti.agent.v1", ["AgentFrame", "HostFrame", "Assign", "Result", "Label", "Progress", "Extend"]],
  // Every task is offered to its pool, and its result comes back on the same stream.
  [
    "tutti.swarm.v1",
    [
      ...["OfferRequest", "OfferReply", "Offer", "TaskBegun", "Unclaimed", "Returned", "PoolWindow"],
      ...["RelayRequest", "RelayReply", "RelayedAgentFrame", "RelayedHostFrame"],
      // A mission records these for each task.
      ...["TaskQueuedV1", "AttemptBegunV1", "TaskClaimedV1", "TaskCompletedV1"],
    ],
  ],
  // Every event and message is a record of the journal. Letters are the messages between partitions.
  [
    "tutti.runtime.v1",
    [
      ...["Batch", "BatchHeader", "Record", "LettersSent", "SentLetter", "LettersConfirmed", "LettersTaken"],
      ...["KeyAnswered", "DeliverRequest", "DeliverReply", "Letter"],
    ],
  ],
  // Each run and each of its tasks needs these: the start, commands, and events.
  [
    "tutti.workflow.v1",
    [
      ...["StartRunRequest", "StartRunReply", "StartItem", "StartReceipt", "RunEnd", "RunSpec", "RunOrder"],
      ...["BeginRun", "RunBegun", "CompleteTask", "TaskAnswered", "NoteAttempt"],
      "RunStartedV1",
      "RunBegunV1",
      "OfferDetails",
      "TaskQueuedV1",
      "AttemptStartedV1",
      "AttemptQueuedV1",
      ...["TaskCompletedV1", "RunCompletedV1"],
    ],
  ],
  // Fields of these messages.
  ["tutti.types.v1", ["Payload", "BlobReference", "Cause", "Actor", "Outcome", "TaskOutcome", "Amounts"]],
]);

export function isHot(message) {
  return hot.get(message.file.proto.package)?.includes(message.name) ?? false;
}

/**
 * Returns the functions that write and read a hot message.
 *
 * @param message its descriptor
 * @param nameOf returns the name of another message or enum in this module
 */
export function hotFunctions(message, nameOf) {
  const name = typeName(message);
  const code = new HotCode(message, nameOf);
  return [
    `function write${name}(m: ${name}, w: BinaryWriter): BinaryWriter {`,
    ...code.writes(),
    "  return w;",
    "}",
    `function read${name}(r: Reader, end: number): ${name} {`,
    `  const m = empty${name}();`,
    "  while (r.pos < end) {",
    "    const tag = r.uint32();",
    "    switch (tag) {",
    ...code.reads(),
    "      default:",
    `        if (!${name}.readOther(m, tag, r)) return m;`,
    "    }",
    "  }",
    "  return m;",
    "}",
  ];
}

class HotCode {
  #message;
  #nameOf;

  constructor(message, nameOf) {
    this.#message = message;
    this.#nameOf = nameOf;
  }

  writes() {
    const members = [...new Set(this.#message.fields.map((field) => field.oneof ?? field))];
    return members.flatMap((member) =>
      member.kind === "oneof" ? this.#writeChoice(member) : this.#write(member),
    );
  }

  #write(field) {
    const value = `m.${camelCase(field.name)}`;
    if (field.fieldKind === "map")
      return [`  ${typeName(this.#message)}.writeOther(m, "${camelCase(field.name)}", w);`];
    if (field.fieldKind === "list") {
      if (!isWrittenPacked(field))
        return [`  for (const v of ${value}) ${this.#put(field, "v", field.listKind)}`];
      const put = `w.${wordOf(field)}(v);`;
      const tag = tagOf(field, delimited);
      return [
        `  if (${value}.length !== 0) {`,
        `    w.uint32(${tag}).fork();`,
        `    for (const v of ${value}) ${put}`,
        "    w.join();",
        "  }",
      ];
    }
    return [`  if (${presence(field, value)}) ${this.#put(field, value, field.fieldKind)}`];
  }

  #writeChoice(oneof) {
    const value = `m.${camelCase(oneof.name)}`;
    const cases = oneof.fields.map(
      (field) =>
        `    case "${camelCase(field.name)}": ${this.#put(field, `${value}.value`, field.fieldKind)} break;`,
    );
    return [`  switch (${value}?.$case) {`, ...cases, "  }"];
  }

  /** Writes the tag and the value. */
  #put(field, value, kind) {
    if (kind !== "message") return `w.uint32(${tagOf(field, wireOf(field))}).${wordOf(field)}(${value});`;
    return `${this.#function("write", field.message)}(${value}, w.uint32(${tagOf(field, delimited)}).fork()).join();`;
  }

  reads() {
    // The table reads maps, and also lists of numbers in the packing that is never written.
    const fields = this.#message.fields.filter((field) => field.fieldKind !== "map");
    return fields.map((field) => {
      const isPacked = field.fieldKind === "list" && isWrittenPacked(field);
      const tag = tagOf(field, isPacked ? delimited : wireOf(field));
      return `      case ${tag}: ${this.#read(field, isPacked)} break;`;
    });
  }

  #read(field, isPacked) {
    const value = `m.${camelCase(field.name)}`;
    const one = this.#take(field);
    if (isPacked) return `for (const last = r.uint32() + r.pos; r.pos < last; ) ${value}.push(${one});`;
    if (field.fieldKind === "list") return `${value}.push(${one});`;
    if (field.oneof === undefined) return `${value} = ${one};`;
    return `m.${camelCase(field.oneof.name)} = { $case: "${camelCase(field.name)}", value: ${one} };`;
  }

  #take(field) {
    if (field.message === undefined)
      return `r.${readers[wordOf(field)] ?? wordOf(field)}()${field.enum === undefined ? "" : ` as ${this.#nameOf(field.enum)}`}`;
    return `r.leave(${this.#function("read", field.message)}(r, r.enter()))`;
  }

  #function(verb, message) {
    const isHere = message.file === this.#message.file && isHot(message);
    return isHere ? `${verb}${typeName(message)}` : `${this.#nameOf(message)}.${verb}`;
  }
}

const varint = 0;
const delimited = 2;
const readers = { int64: "safeInt64", uint64: "safeUint64" };
const wires = { double: 1, string: delimited, bytes: delimited, fixed32: 5 };

function wordOf(field) {
  return field.scalar === undefined ? "int32" : ScalarType[field.scalar].toLowerCase();
}

function wireOf(field) {
  return field.message === undefined ? (wires[wordOf(field)] ?? varint) : delimited;
}

function tagOf(field, wire) {
  return field.number * 8 + wire;
}

/** Whether a list is written packed. As in the rows, a list with a rule is written unpacked. */
export function isWrittenPacked(field) {
  return field.packed && field.proto.options === undefined;
}

function presence(field, value) {
  if (field.message !== undefined || field.proto.proto3Optional) return `${value} !== undefined`;
  const word = wordOf(field);
  if (word === "bytes") return `${value}.length !== 0`;
  return `${value} !== ${word === "string" ? '""' : word === "bool" ? "false" : "0"}`;
}
