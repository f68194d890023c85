import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkBreaking, checkFormat, lint, writeImage } from "./checks.mjs";
import { modulesOf } from "./generate.mjs";
import { readImage } from "./image.mjs";
import { protoFolder, root } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";
import { writeFiles } from "./write.mjs";

const rpcRule = "tutti.types.v1.rpc";
const fieldRule = "tutti.types.v1.field";

/** Returns a service of the area `shop` with these rpcs and messages. The first of them starts at line 8. */
function shop(...lines) {
  return [
    'syntax = "proto3";',
    "",
    "// Made up.",
    "package tutti.shop.v1;",
    "",
    'import "tutti/types/v1/options.proto";',
    "",
    ...lines,
    "",
  ].join("\n");
}

const goodRule = 'action: "shop.orders.get" resource: "order" repeat: REPEAT_SAFE';

/** Returns one rpc with the given rule and request fields. */
function rpc(rule, ...fields) {
  return shop(
    `service ShopService { rpc Get(GetRequest) returns (GetReply) { ${rule && `option (${rpcRule}) = {${rule}};`} } }`,
    "message GetReply {}",
    "message Inner { string text = 1; uint32 number = 2; repeated string texts = 3; }",
    `message GetRequest { ${fields.join(" ")} }`,
  );
}

const namespace = `string namespace = 1 [(${fieldRule}) = {form: FORM_NAMESPACE}];`;

describe("generation", () => {
  let work;
  let count = 0;

  before(() => {
    // Within the repository, so that the generated code finds its packages.
    mkdirSync(join(root, ".cache"), { recursive: true });
    work = mkdtempSync(join(root, ".cache", "generate-test-"));
  });
  after(() => rmSync(work, { recursive: true, force: true }));

  function contracts(files) {
    const folder = join(work, `contracts-${count++}`);
    cpSync(join(protoFolder, "buf.yaml"), join(folder, "buf.yaml"), { recursive: true });
    for (const name of ["types/v1/options.proto", "types/v1/types.proto", "events/v1/header.proto"]) {
      cpSync(join(protoFolder, "tutti", name), join(folder, "tutti", name), { recursive: true });
    }
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, "tutti", name)), { recursive: true });
      writeFileSync(join(folder, "tutti", name), content);
    }
    return folder;
  }

  async function failure(run) {
    try {
      await run();
    } catch (error) {
      assert.ok(error instanceof GenerationFailed, error.stack);
      return error.message;
    }
    return assert.fail("expected the generation to fail, but it did not");
  }

  const mistakes = [
    [
      "an rpc without a rule",
      rpc("", namespace),
      8,
      /rpc Get has no policy\. Add: option \(tutti\.types\.v1\.rpc\) = \{action: "shop\.things\.get"/,
    ],
    [
      "an empty action",
      rpc('resource: "order" repeat: REPEAT_SAFE', namespace),
      8,
      /expected an action like "shop\.things\.verb", got ""/,
    ],
    [
      "an action of another area",
      rpc('action: "other.orders.get" resource: "order" repeat: REPEAT_SAFE', namespace),
      8,
      /expected an action like "shop\.things\.verb", got "other\.orders\.get"/,
    ],
    [
      "an empty resource",
      rpc('action: "shop.orders.get" repeat: REPEAT_SAFE', namespace),
      8,
      /expected a resource like "thing", a singular noun, got ""/,
    ],
    [
      "no repetition",
      rpc('action: "shop.orders.get" resource: "order"', namespace),
      8,
      /Add repeat: REPEAT_SAFE, REPEAT_KEYED or REPEAT_RESUMES/,
    ],
    [
      "a request without a namespace",
      rpc(goodRule, "string id = 1;"),
      8,
      /expected a field `string namespace = … .* in GetRequest\. Add it, .*installation_wide: true/,
    ],
    [
      "a namespace where the call is about the installation",
      rpc(`${goodRule} installation_wide: true`, namespace),
      8,
      /is installation_wide, but GetRequest has a namespace/,
    ],
    [
      "a namespace without its form",
      rpc(goodRule, "string namespace = 1;"),
      8,
      /namespace of GetRequest has no form\. Add .*FORM_NAMESPACE/,
    ],
    [
      "a namespace that is no string",
      rpc(goodRule, "uint32 namespace = 1;"),
      8,
      /"namespace" of GetRequest must be a string/,
    ],
    [
      "a namespace_key that leads nowhere",
      rpc(`${goodRule} namespace_key: "inner.nothing"`, "Inner inner = 1;"),
      8,
      /namespace_key: "inner\.nothing" is not a path to one field of GetRequest: nothing not found/,
    ],
    [
      "a keyed rpc without a key",
      rpc('action: "shop.orders.get" resource: "order" repeat: REPEAT_KEYED', namespace),
      8,
      /REPEAT_KEYED, but GetRequest has no `string idempotency_key`\. Add it, or name the chosen id: repeat_key/,
    ],
    [
      "a key without a limit",
      rpc(
        'action: "shop.orders.get" resource: "order" repeat: REPEAT_KEYED',
        namespace,
        "string idempotency_key = 2;",
      ),
      8,
      /idempotency_key of GetRequest has no limit/,
    ],
    [
      "a repeat_key that is no single string",
      rpc(
        'action: "shop.orders.get" resource: "order" repeat: REPEAT_KEYED repeat_key: "inner.texts"',
        namespace,
        "Inner inner = 2;",
      ),
      8,
      /repeat_key: "inner\.texts" is not a path to one field/,
    ],
    [
      "a repeat_key on an rpc that is not keyed",
      rpc(`${goodRule} repeat_key: "id"`, namespace, "string id = 2;"),
      8,
      /has a repeat_key, but is not REPEAT_KEYED/,
    ],
    [
      "a route that leads nowhere",
      rpc(`${goodRule} route: {kind: "run" key: "run_id"}`, namespace),
      8,
      /route\.key: "run_id" is not a path to one field/,
    ],
    [
      "a route over a number that is no partition",
      rpc(`${goodRule} route: {kind: "run" key: "inner.number"}`, namespace, "Inner inner = 2;"),
      8,
      /must be a string/,
    ],
    [
      "a route without a kind",
      rpc(`${goodRule} route: {key: "id"}`, namespace, "string id = 2;"),
      8,
      /expected a route's kind like "run"/,
    ],
    [
      "a length of a number",
      shop(`message Thing { uint32 size = 1 [(${fieldRule}) = {max_length: 3}]; }`),
      8,
      /field size: min_length and max_length are for strings and bytes/,
    ],
    [
      "a range of a string",
      shop("", `message Thing { string size = 1 [(${fieldRule}) = {min: 3}]; }`),
      9,
      /field size: min and max are for numbers/,
    ],
    [
      "a form of bytes",
      shop(`message Thing { bytes hash = 1 [(${fieldRule}) = {form: FORM_ID}]; }`),
      8,
      /field hash: form is for strings/,
    ],
    [
      "entries of a single value",
      shop(`message Thing { string size = 1 [(${fieldRule}) = {max_items: 3}]; }`),
      8,
      /max_items is for lists and maps/,
    ],
    [
      "values of a list",
      shop(`message Thing { repeated string sizes = 1 [(${fieldRule}) = {values: {max_length: 1}}]; }`),
      8,
      /values is for maps/,
    ],
    [
      "limits the wrong way round",
      shop(`message Thing { double size = 1 [(${fieldRule}) = {min: 3 max: 2}]; }`),
      8,
      /min is greater than max/,
    ],
    [
      "a required bool",
      shop(`message Thing { bool on = 1 [(${fieldRule}) = {required: true}]; }`),
      8,
      /Write `optional bool`/,
    ],
    [
      "a map of messages",
      shop("message Inner {}", "message Thing { map<string, Inner> inner = 1; }"),
      9,
      /is a map of messages\. Use a list/,
    ],
    [
      "a map by numbers",
      shop("message Thing { map<uint32, string> names = 1; }"),
      8,
      /has keys that are not strings/,
    ],
    [
      "a type that no table knows",
      shop("message Thing { float share = 1; }"),
      8,
      /Use one of string, bytes, bool, double/,
    ],
    [
      "a message of others",
      shop(
        'import "google/protobuf/duration.proto";',
        "message Thing { google.protobuf.Duration time = 1; }",
      ),
      9,
      /uses google\.protobuf\.Duration\. Use a message of this repository/,
    ],
    [
      "an enum in a message",
      shop("message Thing { enum Size { SIZE_UNSPECIFIED = 0; } Size size = 1; }"),
      8,
      /enum Size is nested in the message Thing/,
    ],
    [
      "a field whose name has no one spelling",
      shop("message Thing { string part_1 = 1; }"),
      8,
      /expected lower_snake_case with a letter after each underscore/,
    ],
    [
      "an event without a type",
      shop(
        'import "tutti/events/v1/header.proto";',
        "message Sold { tutti.events.v1.EventHeader header = 1; }",
      ),
      9,
      /Sold has an EventHeader, but no type/,
    ],
    [
      "an event without a header",
      shop('message Sold { option (tutti.types.v1.event) = {types: "tutti.shop.order.sold"}; }'),
      8,
      /Add to it: EventHeader header = 1/,
    ],
    [
      "an event with a type of another form",
      shop(
        'import "tutti/events/v1/header.proto";',
        'message Sold { option (tutti.types.v1.event) = {types: "shop.sold"}; tutti.events.v1.EventHeader header = 1; }',
      ),
      9,
      /expected a type like "tutti\.area\.thing\.happened", got "shop\.sold"/,
    ],
  ];
  // All are generated in one image, each in its own area, so that the compiler runs once.
  const areas = mistakes.map((_, i) => `shop${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`);
  let lines;

  before(async () => {
    const files = mistakes.map(([, content], i) => [
      `${areas[i]}/v1/shop.proto`,
      content.replaceAll("shop.", `${areas[i]}.`),
    ]);
    const folder = contracts(Object.fromEntries(files));
    lines = (await failure(() => modulesOf(readImage(folder)))).split("\n");
  });

  for (const [i, [title, , line, expected]] of mistakes.entries()) {
    it(`fails on ${title}, and names the line and what to do`, () => {
      const place = `tutti/${areas[i]}/v1/shop.proto:`;
      const own = lines.filter((one) => one.includes(place));
      assert.equal(own.length, 1, own.join("\n"));
      assert.match(own[0], new RegExp(`${place}${line}: `));
      assert.match(own[0].replaceAll(`${areas[i]}.`, "shop."), expected);
    });
  }

  it("fails on what does not compile with the words of the compiler", async () => {
    const folder = contracts({ "shop/v1/shop.proto": shop("message Thing { strin name = 1; }") });
    assert.match(await failure(() => readImage(folder)), /shop\.proto:8:17:.*strin/);
  });

  it("gives the same files for the same contracts", async () => {
    const folder = contracts({ "shop/v1/shop.proto": rpc(goodRule, namespace) });
    assert.deepEqual([...modulesOf(readImage(folder))], [...modulesOf(readImage(folder))]);
  });

  it("writes only files that changed and removes those that are no longer made", () => {
    const folder = join(work, "written");
    const files = new Map([
      ["a.ts", "1"],
      ["b/c.ts", "2"],
    ]);
    assert.equal(writeFiles(folder, files), 2);
    const { mtimeMs } = statSync(join(folder, "a.ts"));
    assert.equal(writeFiles(folder, files), 0);
    files.set("b/c.ts", "3").delete("a.ts");
    files.set("d.ts", "4");
    assert.equal(writeFiles(folder, files), 3);
    assert.equal(readFileSync(join(folder, "b/c.ts"), "utf8"), "3");
    assert.throws(() => statSync(join(folder, "a.ts")), /ENOENT/);
    assert.ok(mtimeMs > 0);
  });

  describe("of every kind of rule", () => {
    let service;
    let messages;

    before(async () => {
      const folder = contracts({
        "shop/v1/shop.proto": shop(...everyKind),
        "shop/v1/actor.proto": shop('import "tutti/types/v1/types.proto";', ...namesakes),
      });
      const source = join(work, "every-kind");
      writeFiles(join(source, "generated"), modulesOf(readImage(folder)));
      for (const name of [
        "codec.ts",
        "rpc.ts",
        "checks.ts",
        "event.ts",
        "wire/encoded.ts",
        "wire/flat-writer.ts",
        "message",
      ]) {
        cpSync(join(root, "libs/contracts/src", name), join(source, name), { recursive: true });
      }
      messages = await import(join(source, "generated/shop/v1.ts"));
      service = messages.shopService;
    });

    const good = {
      inner: { deep: { text: "x" } },
      numbers: [1],
      sparse: 5,
      must: 0,
      choice: { $case: "named", value: { name: "n" } },
    };
    const cases = [
      ["nothing wrong", {}, []],
      [
        "a recursive message",
        { inner: { deep: { deep: { deep: { text: "toolong" } } } } },
        ["inner.deep.deep.deep.text"],
      ],
      ["an optional number that must be set", { must: undefined }, ["must"]],
      ["an optional string that is not set", { may: undefined }, []],
      ["an optional string that is set and wrong", { may: "A" }, ["may"]],
      ["numbers of a list", { numbers: [1, 11, 2, -1] }, ["numbers[1]", "numbers[3]"]],
      ["an empty list that is required", { numbers: [] }, ["numbers"]],
      ["messages of a list", { inners: [{}, { text: "toolong" }] }, ["inners[1].text"]],
      ["enums of a list", { kinds: [0, 5, 3] }, ["kinds[2]"]],
      ["an enum with gaps", { sparse: 3 }, ["sparse"]],
      ["a required enum", { sparse: 0 }, ["sparse"]],
      ["numbers of a map", { prices: { a: 1, b: -1 } }, ['prices["b"]']],
      [
        "bytes of a list",
        { tokens: [new Uint8Array(16), new Uint8Array(3), new Uint8Array(0)] },
        ["tokens[1]", "tokens[2]"],
      ],
      ["no choice", { choice: undefined }, ["choice"]],
      ["a message that was chosen", { choice: { $case: "named", value: { name: "" } } }, ["named.name"]],
      ["an empty value that was chosen", { choice: { $case: "text", value: "" } }, ["text"]],
    ];
    for (const [title, change, expected] of cases) {
      it(`${title}: ${expected.join(", ") || "passes"}`, () => {
        const found = [];
        service.methods.buy.check(messages.BuyRequest.fromPartial({ ...good, ...change }), found);
        assert.deepEqual(
          found.map((one) => one.field),
          expected,
        );
      });
    }

    it("a message is encoded and decoded with all kinds of fields", () => {
      const { BuyRequest } = messages;
      const request = BuyRequest.fromPartial({ ...good, tokens: [new Uint8Array(16)], prices: { a: 1 } });
      assert.deepEqual(BuyRequest.decode(BuyRequest.encode(request).finish()), request);
      assert.deepEqual(BuyRequest.fromJSON(BuyRequest.toJSON(request)), request);
    });

    it("a message that has the name of one it holds holds the other", () => {
      const { Actor } = messages;
      const actor = Actor.fromPartial({ actor: { id: "x" } });
      assert.deepEqual(Actor.decode(Actor.encode(actor).finish()).actor, { kind: 0, id: "x" });
    });

    it("namespace, key and id are read along their paths, through choices and absent messages", () => {
      const { buy, pick, link } = service.methods;
      const named = messages.BuyRequest.fromPartial({ choice: { $case: "named", value: { name: "n" } } });
      const keyed = messages.BuyRequest.fromPartial({ idempotencyKey: "k", choice: named.choice });
      const none = messages.BuyRequest.fromPartial({});
      assert.deepEqual(
        [keyed, named, none].map((one) => buy.idempotencyKeyOf(one)),
        ["k", "n", ""],
      );
      assert.deepEqual(
        [named, none].map((one) => buy.route.idOf(one)),
        ["n", ""],
      );
      assert.deepEqual(
        [named, none].map((one) => pick.route.idOf(one)),
        ["n", "first"],
      );
      const hello = messages.LinkFrame.fromPartial({ hello: { namespace: "team" } });
      assert.deepEqual(
        [hello, messages.LinkFrame.fromPartial({})].map((one) => link.namespaceOf(one)),
        ["team", "default"],
      );
      assert.deepEqual([link.requestStream, link.replyStream], [true, true]);
    });
  });

  describe("checks of the contracts", () => {
    const documented = (...fields) =>
      shop(
        "// Made up.",
        "message Thing {",
        ...fields.flatMap((field) => ["  // Made up.", `  ${field}`]),
        "}",
      ).replace('import "tutti/types/v1/options.proto";\n\n', "");
    const unchanged = { "shop/v1/thing.proto": documented("string a = 1;", "string b = 2;") };

    it("lint fails on a message without a comment", async () => {
      const folder = contracts({
        "shop/v1/thing.proto": documented("string a = 1;").replace("// Made up.\nmessage", "message"),
      });
      assert.match(
        await failure(() => lint(folder)),
        /thing\.proto:6:1:Message "Thing" should have a non-empty comment/,
      );
      assert.match(lint(contracts(unchanged)), /passes/);
    });

    it("the format check shows the difference and the command that fixes it", async () => {
      const folder = contracts({ "shop/v1/thing.proto": documented("string  a=1;") });
      assert.match(
        await failure(() => checkFormat(folder)),
        /\+ {2}string a = 1;[\s\S]*Run: node tools\/generate\.mjs --format/,
      );
      assert.match(checkFormat(contracts(unchanged)), /is in buf's format/);
    });

    it("a change that breaks the image fails until a new image is written", async () => {
      const image = join(work, "shop.binpb");
      assert.match(
        await failure(() => checkBreaking(contracts(unchanged), image)),
        /is missing\. Run: node tools\/generate\.mjs --image/,
      );
      writeImage(contracts(unchanged), image);
      assert.match(checkBreaking(contracts(unchanged), image), /no breaking change/);
      const added = { "shop/v1/thing.proto": documented("string a = 1;", "string b = 2;", "string c = 3;") };
      assert.match(checkBreaking(contracts(added), image), /no breaking change/);
      const broken = { "shop/v1/thing.proto": documented("uint32 a = 1;", "string b = 2;") };
      assert.match(
        await failure(() => checkBreaking(contracts(broken), image)),
        /thing\.proto:9:3:.*changed type[\s\S]*run node tools\/generate\.mjs --image/,
      );
      writeImage(contracts(broken), image);
      assert.match(checkBreaking(contracts(broken), image), /no breaking change/);
    });

    it("no image is written of a change that breaks a package that may never break", async () => {
      const image = join(work, "events.binpb");
      const event = (type) => ({
        "events/v1/thing.proto": documented(`${type} a = 1;`).replace("tutti.shop", "tutti.events"),
      });
      writeImage(contracts(event("string")), image);
      assert.match(await failure(() => writeImage(contracts(event("bytes")), image)), /may never break/);
      assert.match(checkBreaking(contracts(event("string")), image), /no breaking change/);
    });
  });
});

const namesakes = ["message Actor { tutti.types.v1.Actor actor = 1; }"];

const everyKind = `
service ShopService {
  rpc Buy(BuyRequest) returns (BuyReply) {
    option (${rpcRule}) = {
      action: "shop.orders.buy" resource: "order" repeat: REPEAT_KEYED installation_wide: true
      repeat_key: "named.name" route: {kind: "order" key: "named.name"}
    };
  }
  rpc Pick(BuyRequest) returns (BuyReply) {
    option (${rpcRule}) = {
      action: "shop.orders.pick" resource: "order" repeat: REPEAT_SAFE installation_wide: true
      route: {kind: "order" key: "named.name" fallback: "first"}
    };
  }
  rpc Link(stream LinkFrame) returns (stream BuyReply) {
    option (${rpcRule}) = {
      action: "shop.links.open" resource: "link" repeat: REPEAT_RESUMES namespace_key: "hello.namespace"
    };
  }
}
message BuyReply {}
message LinkFrame { Hello hello = 1; }
message Hello { string namespace = 1 [(${fieldRule}) = {form: FORM_NAMESPACE}]; }
enum Sparse { SPARSE_UNSPECIFIED = 0; SPARSE_ONE = 1; SPARSE_FIVE = 5; }
message Inner { string text = 1 [(${fieldRule}) = {max_length: 3}]; Inner deep = 2; }
message Named { string name = 1 [(${fieldRule}) = {required: true form: FORM_ID}]; }
message BuyRequest {
  Inner inner = 1 [(${fieldRule}) = {required: true}];
  repeated double numbers = 2 [(${fieldRule}) = {required: true min: 0 max: 10}];
  repeated Inner inners = 3;
  repeated Sparse kinds = 4;
  Sparse sparse = 5 [(${fieldRule}) = {required: true}];
  map<string, double> prices = 6 [(${fieldRule}) = {form: FORM_LABEL values: {min: 0}}];
  repeated bytes tokens = 7 [(${fieldRule}) = {min_length: 16 max_length: 16}];
  optional uint32 must = 8 [(${fieldRule}) = {required: true}];
  optional string may = 9 [(${fieldRule}) = {form: FORM_NAME}];
  oneof choice {
    option (tutti.types.v1.choice).required = true;
    Named named = 10;
    string text = 11 [(${fieldRule}) = {required: true}];
  }
  string idempotency_key = 12 [(${fieldRule}) = {max_length: 200}];
}`.split("\n");
