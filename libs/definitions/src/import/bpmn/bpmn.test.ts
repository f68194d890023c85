import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentXmlValues } from "../completeness.fixture.ts";
import { importBpmn, NotImported } from "../index.ts";

const folder = new URL("../../../test/bpmn/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");
const constructsOf = (file: string) =>
  importBpmn(textOf(file), file).untranslated.map(({ line, construct }) => `${line} ${construct}`);
const statesOf = (file: string) => {
  const { documents } = importBpmn(textOf(file), file);
  return (documents.at(-1) as unknown as { states: Record<string, Record<string, unknown>> }).states;
};

/** A process with a node, between its start and its end. */
const withNode = (node: string) => `<definitions><process id="p"><startEvent id="s"/>${node}<endEvent id="e"/>
<sequenceFlow sourceRef="s" targetRef="n"/><sequenceFlow sourceRef="n" targetRef="e"/></process></definitions>`;

describe("a process of BPMN", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      assert.deepEqual(
        silentXmlValues(textOf(file), (text) => importBpmn(text, file)),
        [],
      );
    });

  it("of an importer that forgets a value is found out", () => {
    const forgetful = () => ({ documents: [], untranslated: [{ line: 2, construct: "b", reason: "" }] });
    assert.deepEqual(silentXmlValues('<a x="1">\n<b y="2"/>\n<c>text</c></a>', forgetful), [
      "1: a x",
      "3: c",
    ]);
  });

  it("of a drawing tool may have empty pools and subprocesses, and its defaults are not listed", () => {
    const { documents, untranslated } = importBpmn(textOf("modeller.bpmn"), "modeller.bpmn");
    assert.deepEqual(
      documents.map((each) => (each as unknown as { workflow: string }).workflow),
      ["claims"],
    );
    const origin = "it names schemas and the editor of the file";
    assert.deepEqual(
      untranslated
        .filter(({ reason }) => reason !== origin)
        .map(({ line, construct, reason }) => `${line} ${construct}: ${reason}`),
      [
        "5 <collaboration>: it has no counterpart",
        "9 customer: the process has no content",
        '10 process id="claims": it has no counterpart',
        "12 Register claim: a worker has to offer the capability `register-claim`",
        "13 Examine claim: it has no content. The run fails here",
        "14 Settled: no flow that is translated leads to it",
        "15 sequenceFlow id: a transition has no name",
      ],
    );
    assert.deepEqual(
      untranslated.filter(({ reason }) => reason === origin).map(({ line }) => line),
      [2, 3, 4],
    );
  });

  it("has signals and limits of an event-based gateway, and of events at the border", () => {
    const { "what-comes-first": first, pack } = statesOf("events.bpmn");
    assert.deepEqual(Object.keys(first?.["on"] ?? {}), ["payment.received", "cancelled"]);
    assert.deepEqual(first?.["after"], { "172800s": { to: "remind" } });
    assert.deepEqual(pack?.["after"], { "5400s": { to: "remind" } });
    assert.deepEqual(Object.keys(pack?.["on"] ?? {}), ["shop-closed"]);
  });

  it("does not retry an error that its border catches, and checks error codes before the catch-all", () => {
    const event = (id: string, reference: string) =>
      `<boundaryEvent id="${id}" attachedToRef="a"><errorEventDefinition ${reference}/></boundaryEvent>`;
    const flow = (from: string, to: string) =>
      `<sequenceFlow id="${from}-${to}" sourceRef="${from}" targetRef="${to}" />`;
    const text = `<definitions><process id="p"><startEvent id="s" /><serviceTask id="a" /><endEvent id="e" /><endEvent id="f" />
${event("any", "")}${event("known", 'errorRef="E"')}
${flow("s", "a")}${flow("a", "e")}${flow("any", "f")}${flow("known", "e")}</process><error id="E" errorCode="NO_STOCK" /></definitions>`;
    const [{ states }] = importBpmn(text).documents as unknown as [
      { states: Record<string, { run?: { retry?: unknown }; onFailed?: readonly { when?: string }[] }> },
    ];
    assert.deepEqual(states["a"]?.run?.retry, { attempts: 3, notOn: ["NO_STOCK"] });
    assert.deepEqual(
      states["a"]?.onFailed?.map(({ when }) => when),
      ['error.code == "NO_STOCK"', undefined],
    );
  });

  it("has schedules for timers at its start", () => {
    const { documents } = importBpmn(textOf("timer-start.bpmn"));
    assert.deepEqual(
      documents.filter((each) => "schedule" in (each as object)),
      [
        { schedule: "report", workflow: "report", every: "3600s", overlap: "allow" },
        { schedule: "nightly", workflow: "nightly", cron: "30 2 * * *", overlap: "allow" },
      ],
    );
  });

  it("fails at nodes that would do something else, and lists them with their lines", () => {
    const fails = importBpmn(textOf("untranslatable.bpmn")).untranslated.flatMap(
      ({ line, reason, construct }) =>
        reason.endsWith("The run fails here") ? [`${line} ${construct}`] : [],
    );
    assert.deepEqual(fails, [
      ...["6 Complex", "7 Ad hoc", "8 Looped", "9 Nagged", "11 Unstructured", "16 Two ways"],
      ...["19 Month", "20 Computed", "21 Scripted"],
    ]);
    assert.deepEqual(statesOf("untranslatable.bpmn")["looped"], {
      ...{ title: "Looped", final: true, fail: "The node Looped is not translated." },
    });
  });

  it("lists elements that are only for people", () => {
    const list = constructsOf("collaboration.bpmn");
    for (const each of ["3 <collaboration>", "9 <laneSet>", "15 <textAnnotation>", "22 BPMNDiagram"])
      assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
  });

  const partedBy = (gateway: string, flows: string) =>
    importBpmn(`<definitions><process id="p"><startEvent id="s"/><${gateway} id="n" default="f3"/>
      <task id="a"/><task id="b"/><task id="c"/><${gateway} id="j"/><endEvent id="e"/>
      <sequenceFlow id="f0" sourceRef="s" targetRef="n"/>${flows}
      ${["a", "b", "c"].map((id) => `<sequenceFlow id="j${id}" sourceRef="${id}" targetRef="j"/>`).join("")}
      <sequenceFlow id="f9" sourceRef="j" targetRef="e"/></process></definitions>`);
  const flowTo = (id: string, condition = "") =>
    `<sequenceFlow id="f${"abc".indexOf(id) + 1}" sourceRef="n" targetRef="${id}">${condition}</sequenceFlow>`;

  it("takes the default flow of an inclusive gateway only if no other flow is taken, and keeps the changes of each branch", () => {
    const when = (name: string) => `<conditionExpression>\${${name}}</conditionExpression>`;
    const flows = [flowTo("a", when("x")), flowTo("b", when("y")), flowTo("c")].join("");
    const { documents, untranslated } = partedBy("inclusiveGateway", flows);
    const [branches, main] = documents as unknown as [
      { states: { end: { output: string } } },
      { states: { n: { run: { forEach: string; with: object } } } },
    ];
    assert.equal(
      main.states.n.run.forEach,
      "(vars.data.x ? [0] : []) + (vars.data.y ? [1] : []) + (!(vars.data.x || vars.data.y) ? [2] : [])",
    );
    assert.deepEqual(main.states.n.run.with, { branch: "${{ item }}", data: "${{ vars.data }}" });
    assert.match(branches.states.end.output, /!\(k in input\.data && input\.data\[k\] == v\)/);
    assert.deepEqual(
      untranslated.filter(({ construct }) => construct === "n"),
      [],
    );
  });

  it("lists an error event with a code at the border of a subprocess", () => {
    const { untranslated } = importBpmn(`<definitions><process id="p"><startEvent id="s"/>
      <callActivity id="n" calledElement="child"/>
      <boundaryEvent id="lost" attachedToRef="n"><errorEventDefinition errorRef="er"/></boundaryEvent><endEvent id="e"/>
      <sequenceFlow id="a" sourceRef="s" targetRef="n"/><sequenceFlow id="b" sourceRef="n" targetRef="e"/>
      <sequenceFlow id="c" sourceRef="lost" targetRef="e"/></process><error id="er" errorCode="LOST"/></definitions>`);
    assert.ok(untranslated.some(({ line, construct }) => line === 3 && construct === "lost"));
  });

  const conditionOf = (expression: string) => {
    const text = `<definitions><process id="p"><startEvent id="s"/><exclusiveGateway id="n"/><endEvent id="e"/>
      <sequenceFlow sourceRef="s" targetRef="n"/><sequenceFlow sourceRef="n" targetRef="e">
      <conditionExpression>${expression.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</conditionExpression>
      </sequenceFlow></process></definitions>`;
    const [document] = importBpmn(text).documents as unknown as [
      { states: { n: { always: { when: string }[] } } },
    ];
    return document.states.n.always?.[0]?.when;
  };
  for (const [expression, expected] of [
    ["${amount > 10 && !done}", "((vars.data.amount > 10) && !(vars.data.done))"],
    ["${!(a) && (b || not c)}", "(!((vars.data.a)) && ((vars.data.b || !(vars.data.c))))"],
    ["${a && empty b}", undefined],
    [
      "${amount > 10 && kind == 'large and new'}",
      '((vars.data.amount > 10) && (vars.data.kind == "large and new"))',
    ],
    ["#{customer.age ge 18 || vip}", "((vars.data.customer.age >= 18) || vars.data.vip)"],
    ["${!approved}", "!(vars.data.approved)"],
    ["= a = 1 and not(b)", "((vars.data.a == 1) && !(vars.data.b))"],
    ["${execution.getVariable('x')}", undefined],
  ] as const)
    it(`reads ${expression}`, () => assert.equal(conditionOf(expression), expected));

  const deep = "<a>".repeat(100);
  for (const [title, text] of [
    ["a document type", `<!DOCTYPE a [<!ENTITY b "c">]>${withNode('<task id="n"/>')}`],
    ["an unknown entity", withNode('<task id="n" name="&b;"/>')],
    ["deep nesting", `<definitions>${deep}`],
    ["an element that does not end", "<definitions><process>"],
    ["an end of another element", "<definitions><process></definitions></process>"],
    ["an attribute twice", '<definitions a="1" a="2"/>'],
    ["an attribute without quotes", "<definitions a=1/>"],
    ["two roots", "<definitions/><definitions/>"],
    ["a flow to no node", withNode('<task id="m"/>')],
    ["two nodes of one id", withNode('<task id="n"/><task id="n"/>')],
    ["something else", "<html><process/></html>"],
    ["no start", '<definitions><process id="p"/></definitions>'],
    ["more than a mebibyte", withNode(`<task id="n" name="${"x".repeat(1_100_000)}"/>`)],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importBpmn(text), NotImported);
    });
});
