import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../generated/descriptors.ts";
import { Schedule } from "../generated/workflow/v1.ts";
import { FlatWriter } from "../wire/flat-writer.ts";
import type { MessageType } from "./message.ts";
import { plainOf, randomOf, valuesOf } from "./values.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: the types of all messages, of which a test knows no one
type Type = MessageType<any>;

/**
 * The tables belong to this package. The library reads descriptors, and determines the expected bytes of every
 * message.
 */
describe("every message of the contracts", () => {
  const all: { readonly desc: DescMessage; readonly type: Type }[] = [];
  const seed = Number(process.env["TUTTI_SEED"] ?? Math.floor(Math.random() * 1e9));
  const roundsEach = 3;

  before(async () => {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()));
    for (const file of registry.files) {
      if (!file.name.startsWith("tutti/") || file.name.endsWith("/options")) continue;
      const module: Record<string, Type> =
        file.messages.length === 0 ? {} : await import(`../generated/${file.name}.ts`);
      for (const desc of file.messages) all.push({ desc, type: module[desc.name] as Type });
    }
    assert.ok(all.length > 1_000);
  });

  /** Tests values of each message. A failure names the message and the seed. */
  function ofEach(
    check: (desc: DescMessage, type: Type, values: Record<string, unknown>, random: () => number) => void,
  ) {
    const random = randomOf(seed);
    for (const { desc, type } of all) {
      for (let round = 0; round < roundsEach; round++) {
        const values = valuesOf(desc, random);
        try {
          check(desc, type, values, random);
        } catch (error) {
          throw new Error(`${desc.typeName}, TUTTI_SEED=${seed}`, { cause: error });
        }
      }
    }
  }

  it("is compatible with the library in both directions", () => {
    ofEach((desc, type, values) => {
      const theirs = fromBinary(desc, type.encode(values).finish());
      assert.deepEqual(plainOf(desc, theirs), values);
      assert.deepEqual(type.decode(toBinary(desc, theirs)), values);
    });
  });

  it("read in slices of single messages is the same, whole, cut off or changed", () => {
    let slices = 0;
    const inSlices = (type: Type, bytes: Uint8Array) => {
      const reading = type.decodeInSlices(bytes, 0);
      for (;;) {
        const { done, value } = reading.next();
        if (done) return value;
        slices++;
      }
    };
    ofEach((_, type, values, random) => {
      const bytes = type.encode(values).finish();
      assert.deepEqual(inSlices(type, bytes), values);
      const part = bytes.subarray(0, Math.floor(random() * bytes.length));
      assert.deepEqual(
        readOrRefused(() => inSlices(type, part)),
        readOrRefused(() => type.decode(part)),
      );
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      assert.deepEqual(
        readOrRefused(() => inSlices(type, bytes)),
        readOrRefused(() => type.decode(bytes)),
      );
    });
    assert.ok(slices > all.length);
  });

  it("written in slices is the same, also with a slice for each entry of a list", () => {
    let slices = 0;
    ofEach((_, type, values) => {
      const writer = new FlatWriter();
      for (const _slice of { [Symbol.iterator]: () => type.writeInSlices(values, writer, 0) }) slices++;
      assert.deepEqual(writer.finish(), type.encode(values, new FlatWriter()).finish());
    });
    assert.ok(slices > all.length);
  });

  it("as JSON is read by the library, and read back", () => {
    ofEach((desc, type, values) => {
      const json = JSON.parse(JSON.stringify(type.toJSON(values))) as JsonValue;
      assert.deepEqual(plainOf(desc, fromJson(desc, json)), values);
      assert.deepEqual(type.fromJSON(json), values);
    });
  });

  it("cut off anywhere is refused by both, or both read the same", () => {
    ofEach((desc, type, values, random) => {
      const bytes = type.encode(values).finish();
      const part = bytes.subarray(0, Math.floor(random() * bytes.length));
      const ours = readOrRefused(() => type.decode(part));
      assert.deepEqual(
        ours,
        readOrRefused(() => plainOf(desc, fromBinary(desc, part))),
      );
    });
  });

  it("with any byte changed is refused, or read as a message that can be written and is read again", () => {
    let refused = 0;
    ofEach((_, type, values, random) => {
      const bytes = type.encode(values).finish();
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const message = readOrRefused(() => type.decode(bytes));
      if (message === undefined) {
        refused++;
        return;
      }
      const written = type.encode(message).finish();
      assert.deepEqual(type.encode(type.decode(written)).finish(), written);
    });
    assert.ok(refused > 0);
  });

  it("has all properties in the order of the contract, for each way of creation", () => {
    ofEach((_, type, values) => {
      const keys = Object.keys(values);
      const turned = Object.fromEntries(Object.entries(values).reverse());
      for (const message of [type.create(), type.create({}), type.fromPartial(turned), type.fromJSON({})]) {
        assert.deepEqual(Object.keys(message), keys);
        assert.equal(Object.getPrototypeOf(message), Object.prototype);
      }
      assert.deepEqual(type.fromPartial(turned), values);
      assert.deepEqual(type.create({}), type.create());
    });
  });
});

function readOrRefused<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof Error);
    return undefined;
  }
}

describe("a message", () => {
  it("created from partial values has copies of lists, maps and messages", () => {
    const input = { labels: { a: "b" }, timing: { rules: [] }, liveRunIds: ["r"] };
    const schedule = Schedule.fromPartial(input);
    assert.deepEqual(schedule.labels, input.labels);
    for (const [copy, original] of [
      [schedule.labels, input.labels],
      [schedule.timing, input.timing],
      [schedule.liveRunIds, input.liveRunIds],
    ]) {
      assert.notEqual(copy, original);
    }
  });

  it("created from an instance with getters has the values of the getters", () => {
    class WithGetter {
      get note(): string {
        return "kept";
      }
    }
    assert.equal(Schedule.fromPartial(new WithGetter()).note, "kept");
  });

  it("is read from JSON by the names of the contracts too, and by numbers of enums", () => {
    const { policy, labels, nextTimes } = Schedule.fromJSON({
      policy: { catch_up_ms: "5", overlap: 2 },
      labels: { a: 1 },
      next_times: ["2027-01-15T08:00:00.123456789Z", { seconds: 5 }],
    });
    assert.deepEqual([policy?.catchUpMs, policy?.overlap, labels], [5, 2, { a: "1" }]);
    assert.deepEqual(nextTimes, [
      { seconds: 1_800_000_000, nanos: 123_456_789 },
      { seconds: 5, nanos: 0 },
    ]);
  });

  it("shows a value of an enum of a later release as unrecognized", () => {
    const later = Schedule.fromPartial({ policy: { overlap: 99 as never } });
    assert.deepEqual(Schedule.toJSON(later), { policy: { overlap: "UNRECOGNIZED" } });
    assert.equal(Schedule.fromJSON({ policy: { overlap: "OVERLAP_NEW" } }).policy?.overlap, -1);
  });
});
