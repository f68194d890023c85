import { plain, template, UnsupportedConstruct } from "../cel.ts";
import type { ForeignXml, XmlElement } from "../foreign-xml.ts";
import { firstFree, NotImported, nameFrom, type Reason, type Tree } from "../imported.ts";
import { cycle } from "./values.ts";

export interface Flow {
  readonly element: XmlElement;
  readonly from: string;
  readonly to: string;
}

export interface Node {
  readonly element: XmlElement;
  /** Id in the BPMN file. */
  readonly id: string;
  readonly title: string;
  readonly outgoing: Flow[];
  readonly incoming: Flow[];
  /** Boundary events. */
  readonly boundary: Node[];
}

/** Data that all processes of a file share. */
export interface Shared {
  readonly source: ForeignXml;
  /** Messages, signals and errors, by id. */
  readonly named: ReadonlyMap<string, XmlElement>;
  /** Processes and their workflows, by id. */
  readonly workflows: ReadonlyMap<string, { readonly process: XmlElement; readonly workflow: string }>;
  /** Constructs that are listed once. */
  readonly listed: Set<string>;
  /** Returns the state of a node. */
  readonly stateOf: (machine: Machine, node: Node) => Tree;
}

const nodeNames =
  /^(task|(user|service|script|send|receive|manual|businessRule)Task|callActivity|subProcess|transaction|adHocSubProcess|(exclusive|parallel|inclusive|eventBased|complex)Gateway|(start|end|boundary|intermediateCatch|intermediateThrow)Event|event)$/;

/** A process, or a subprocess. */
export class Scope {
  readonly shared: Shared;
  readonly name: string;
  readonly #element: XmlElement;
  readonly nodes = new Map<string, Node>();
  /** Nodes that became a state. */
  readonly builtNodes = new Set<string>();

  constructor(shared: Shared, element: XmlElement, name: string) {
    this.shared = shared;
    this.name = name;
    this.#element = element;
    for (const each of element.elements) if (nodeNames.test(each.name)) this.#addNode(each);
    for (const each of element.all("sequenceFlow")) this.#addFlow(each);
    for (const node of this.nodes.values()) {
      const host = node.element.name === "boundaryEvent" ? node.element.attribute("attachedToRef") : "";
      if (host !== "") this.node(host, node.element).boundary.push(node);
    }
  }

  #addNode(element: XmlElement): void {
    const id = element.attribute("id");
    if (id === "" || this.nodes.has(id))
      throw new NotImported(`line ${element.line}: each node needs a unique \`id\``);
    const title = element.attribute("name").replace(/\s+/g, " ").trim() || id;
    this.nodes.set(id, { element, id, title, outgoing: [], incoming: [], boundary: [] });
    for (const each of element.all("incoming", "outgoing")) {
      each.text();
      this.reportOnce(each, each.name, { bookkeeping: "flows name both their ends" });
    }
  }

  #addFlow(element: XmlElement): void {
    const flow = { element, from: element.attribute("sourceRef"), to: element.attribute("targetRef") };
    element.attribute("id");
    this.reportOnce(element, "sequenceFlow id", { bookkeeping: "a transition has no name" });
    this.node(flow.from, element).outgoing.push(flow);
    this.node(flow.to, element).incoming.push(flow);
  }

  node(id: string, from: XmlElement): Node {
    const found = this.nodes.get(id);
    if (found === undefined) throw new NotImported(`line ${from.line}: no node \`${id}\``);
    return found;
  }

  /** Returns the name of a message or signal, or the code of an error. */
  nameOf(id: string): string | undefined {
    const found = this.shared.named.get(id);
    return found && (found.attribute("errorCode") || found.attribute("name") || found.attribute("id"));
  }

  reportOnce(element: XmlElement, construct: string, reason: Reason): void {
    if (this.shared.listed.has(construct)) return;
    this.shared.listed.add(construct);
    this.shared.source.collector.report(element.line, construct, reason);
  }

  add(): void {
    const { source } = this.shared;
    const starts = [...this.nodes.values()].filter(({ element }) => element.name === "startEvent");
    const [start, ...others] = starts.toSorted(
      (one, other) => Number(isTriggered(one)) - Number(isTriggered(other)),
    );
    const first =
      start ??
      [...this.nodes.values()].find(
        ({ element, incoming }) => incoming.length === 0 && element.name !== "boundaryEvent",
      );
    if (first === undefined) throw new NotImported(`line ${this.#element.line}: a process without a start`);
    const documentation = this.#element.first("documentation")?.text() ?? "";
    new Machine(this, { name: this.name, starts: [first], description: documentation }).add();
    for (const each of others) {
      this.builtNodes.add(each.id);
      source.report(each.element, each.title, "a workflow has one start");
    }
    if (start !== undefined) this.#trigger(start);
    for (const node of this.nodes.values())
      if (!this.builtNodes.has(node.id) && !node.element.isListed)
        source.report(node.element, node.title, "no flow that is translated leads to it");
  }

  #trigger({ element, title }: Node): void {
    const { source } = this.shared;
    const timer = element.first("timerEventDefinition");
    const time = timer?.first("timeCycle");
    try {
      if (time !== undefined)
        source.collector.add(
          { schedule: this.name, workflow: this.name, ...cycle(time.text()), overlap: "allow" },
          time.line,
        );
      else if (timer !== undefined) source.report(timer, title, "start a run at this time");
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct) || time === undefined) throw error;
      source.report(time, title, error.message);
    }
    for (const each of element.all(
      "messageEventDefinition",
      "signalEventDefinition",
      "conditionalEventDefinition",
    ))
      source.report(each, title, "add a trigger for it. The input of the run is its content");
  }
}

function isTriggered({ element }: Node): boolean {
  return element.elements.some(({ name }) => name.endsWith("EventDefinition"));
}

interface MachineOptions {
  readonly name: string;
  /** Start node, or those of branches. */
  readonly starts: readonly Node[];
  /** Node at which branches end. */
  readonly stopAt?: string;
  readonly description?: string;
}

/** A workflow with a state for each reachable node. */
export class Machine {
  readonly scope: Scope;
  readonly #options: MachineOptions;
  readonly #ids = new Map<string, string>();
  readonly #states: Record<string, Tree> = {};
  readonly #waiting: Node[] = [];

  constructor(scope: Scope, options: MachineOptions) {
    this.scope = scope;
    this.#options = options;
    for (const reserved of ["begin", "end", "no-way"]) this.#ids.set(` ${reserved}`, reserved);
  }

  get isBranched(): boolean {
    return this.#options.starts.length > 1;
  }

  /** All variables. Of a branch, those that it changed: other branches change theirs at the same time. */
  get output(): string {
    const changed = "!(k in input.data && input.data[k] == v)";
    return this.isBranched
      ? `vars.data.transformList(k, v, ${changed}, [k, v]).transformMapEntry(i, e, {e[0]: e[1]})`
      : "vars.data";
  }

  add(): void {
    const { name, starts, description = "" } = this.#options;
    const { isBranched } = this;
    this.#states["begin"] = {
      always: starts.map((start, index) => ({
        ...(isBranched && { when: `input.branch == ${index}` }),
        to: this.to(start.id, start.element),
        set: { data: template(isBranched ? "input.data" : "type(input) == map ? input : {}") },
      })),
    };
    for (let node = this.#waiting.shift(); node !== undefined; node = this.#waiting.shift())
      this.#build(node);
    const text = JSON.stringify(this.#states);
    if (text.includes('"to":"end"')) this.#states["end"] = { final: true, output: template(this.output) };
    if (text.includes('"to":"no-way"'))
      this.#states["no-way"] = { final: true, fail: "No condition of a gateway's flows is true." };
    const { collector } = this.scope.shared.source;
    const line = starts[0]?.element.line ?? 1;
    collector.add(
      {
        workflow: name,
        ...(description !== "" && {
          description: collector.truncate(description, 4_000, line, `documentation of ${name}`),
        }),
        vars: { data: {} },
        initial: "begin",
        states: this.#states,
      },
      line,
    );
  }

  #build(node: Node): void {
    const { scope } = this;
    scope.builtNodes.add(node.id);
    const id = this.#ids.get(node.id) ?? node.id;
    const title = plain(
      scope.shared.source.collector.truncate(node.title, 200, node.element.line, `name of ${node.id}`),
    );
    try {
      this.#states[id] = { title, ...scope.shared.stateOf(this, node) };
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      scope.shared.source.report(node.element, node.title, `${error.message}. The run fails here`);
      for (const each of node.boundary) {
        scope.builtNodes.add(each.id);
        if (!each.element.isListed)
          scope.shared.source.report(each.element, each.title, `\`${node.title}\` is not translated`);
      }
      this.#states[id] = { title, final: true, fail: plain(`The node ${node.title} is not translated.`) };
    }
  }

  /** Returns the state of a node. At the end of branches, their end state. */
  to(id: string, from: XmlElement): string {
    if (id === this.#options.stopAt) return "end";
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const node = this.scope.node(id, from);
    const usedNames = new Set(this.#ids.values());
    const state = firstFree(nameFrom(node.title), (name) => usedNames.has(name));
    this.#ids.set(id, state);
    this.#waiting.push(node);
    return state;
  }
}
