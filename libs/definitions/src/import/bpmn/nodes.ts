/** Nodes of BPMN as states. */
import type { Json } from "@tutti/expressions";
import {
  condition,
  expressionOf,
  merged,
  plain,
  template,
  UnsupportedConstruct,
  withMember,
} from "../cel.ts";
import type { XmlElement } from "../foreign-xml.ts";
import { nameFromCamelCase, type Tree } from "../imported.ts";
import { type Flow, Machine, type Node, Scope } from "./machine.ts";
import { data, duration, expression, isComputed, value } from "./values.ts";

const attempts = 3;

export class NodeStates {
  readonly #machine: Machine;
  readonly #scope: Scope;
  readonly #node: Node;
  readonly #element: XmlElement;

  constructor(machine: Machine, node: Node) {
    this.#machine = machine;
    this.#scope = machine.scope;
    this.#node = node;
    this.#element = node.element;
  }

  build(): Tree {
    const element = this.#element;
    if (element.first("standardLoopCharacteristics") !== undefined)
      throw new UnsupportedConstruct("write a loop as a gateway and a flow back");
    switch (element.name) {
      case "startEvent":
        return { always: this.#onwards() };
      case "manualTask":
        this.#scope.shared.source.collector.report(
          element.line,
          this.#node.title,
          "a manual task does not wait",
        );
        return { always: this.#onwards() };
      case "userTask":
        return this.#work({ approve: this.#approval() }, "output.data");
      case "task":
      case "serviceTask":
      case "sendTask":
      case "scriptTask":
      case "businessRuleTask":
        return this.#work(this.#called(element));
      case "callActivity":
        return this.#work({ workflow: this.#calledWorkflow() });
      case "subProcess":
      case "transaction":
        return this.#work({ workflow: this.#subprocess() });
      case "receiveTask":
      case "intermediateCatchEvent":
        return this.#caught();
      case "intermediateThrowEvent":
        return this.#thrown();
      case "endEvent":
        return this.#endEvent();
      case "exclusiveGateway":
        return { always: this.#choices() };
      case "parallelGateway":
      case "inclusiveGateway":
        return this.#branches();
      case "eventBasedGateway":
        return this.#firstEvent();
      default:
        throw new UnsupportedConstruct(`\`${element.name}\` has no counterpart`);
    }
  }

  /** Returns the transition to the next node. */
  #onwards(set: Tree = {}, node = this.#node): Tree {
    const [flow, other] = node.outgoing;
    if (other !== undefined)
      throw new UnsupportedConstruct("it has several outgoing flows. Put a gateway after it");
    if (flow?.element.first("conditionExpression") !== undefined)
      throw new UnsupportedConstruct("its outgoing flow has a condition. Put a gateway after it");
    this.#named(flow);
    const to = flow === undefined ? "end" : this.#machine.to(flow.to, flow.element);
    return { to, ...(Object.keys(set).length > 0 && { set }) };
  }

  /** The name of a flow is only for readers. */
  #named(flow: Flow | undefined): void {
    if (flow === undefined || flow.element.attribute("name") === "") return;
    this.#scope.shared.source.collector.report(
      flow.element.line,
      `flow ${flow.element.attribute("name")}`,
      "a transition has no title",
    );
  }

  /** Returns a state with work, and with boundary events. */
  #work(run: Record<string, Json>, output = "output"): Tree {
    const isTask = run["uses"] !== undefined;
    const loop = this.#loop(run["workflow"] !== undefined || isTask);
    const input = loop?.with ?? this.#input();
    const { states, failed, codes } = this.#boundary(this.#node, run["workflow"] !== undefined);
    return {
      run: {
        ...run,
        ...(loop !== undefined && { forEach: loop.forEach, ...(loop.isSequential && { maxParallel: 1 }) }),
        ...(run["approve"] === undefined && { with: input }),
        ...(isTask && { retry: notOn(this.#retry(), codes) }),
      },
      onDone: this.#onwards({ data: template(loop === undefined ? this.#result(output) : loop.result) }),
      ...(failed.length > 0 && { onFailed: failed }),
      ...states,
    };
  }

  /** Returns the variables merged with an output. An output that is not an object adds none. */
  #result(output: string): string {
    const mapped = this.#mapped("output");
    const local = mapped.reduce(
      (all, { target, source }) =>
        withMember(all, target.split("."), expressionOf(value(source, { [target]: output }))),
      data,
    );
    if (mapped.length > 0) {
      // Output mappings read members of the output, and variables of the process.
      const names = `(type(${output}) == map ? ${merged(data, output)} : ${data})`;
      return mapped.reduce((all, { target, source }) => {
        const found = isComputed(source)
          ? expression(source).replaceAll(data, names)
          : JSON.stringify(source);
        return withMember(all, target.split("."), found);
      }, data);
    }
    return `type(${output}) == map ? ${merged(data, output)} : ${local}`;
  }

  /** Returns the input of the task: all variables, or those of its mapping. */
  #input(): Json {
    const inputs = this.#mapped("input");
    if (inputs.length === 0) return template(data);
    return Object.fromEntries(inputs.map(({ target, source }) => [target, value(source)]));
  }

  #mapped(kind: "input" | "output"): readonly { readonly target: string; readonly source: string }[] {
    const extensions = this.#element.first("extensionElements");
    const zeebe = (extensions?.first("ioMapping")?.all(kind) ?? []).map((each) => ({
      target: each.attribute("target"),
      source: each.attribute("source"),
    }));
    const camunda = (extensions?.first("inputOutput")?.all(`${kind}Parameter`) ?? []).flatMap((each) => {
      if (each.elements.length > 0)
        throw new UnsupportedConstruct("a parameter is a list, a map or a script");
      return [{ target: each.attribute("name"), source: each.text() }];
    });
    return [...zeebe, ...camunda];
  }

  #retry(): Json {
    const extensions = this.#element.first("extensionElements");
    const retries = extensions?.first("taskDefinition")?.attribute("retries") ?? "";
    const retryCycle = extensions?.first("failedJobRetryTimeCycle")?.text() ?? "";
    const [, count, pause] = /^R(\d+)\/(P\S+)$/.exec(retryCycle) ?? [];
    if (count !== undefined && pause !== undefined) {
      const time = duration(pause);
      return { attempts: Number(count), backoff: `${time}..${time}`, factor: 1, jitter: 0 };
    }
    if (retries !== "" && !/^\d+$/.test(retries))
      throw new UnsupportedConstruct("a computed number of attempts has no counterpart");
    if (retryCycle !== "")
      throw new UnsupportedConstruct(`the retries \`${retryCycle}\` have no counterpart`);
    return retries === "" ? attempts : Math.max(1, Number(retries));
  }

  #loop(isPossible: boolean) {
    const loop = this.#element.first("multiInstanceLoopCharacteristics");
    if (loop === undefined) return undefined;
    if (!isPossible) throw new UnsupportedConstruct("several instances of a user task have no counterpart");
    if (loop.first("completionCondition") !== undefined)
      throw new UnsupportedConstruct("a completion condition has no counterpart");
    const zeebe = loop.first("extensionElements")?.first("loopCharacteristics");
    const collection = zeebe?.attribute("inputCollection") || loop.attribute("collection");
    const count = loop.first("loopCardinality")?.text() ?? "";
    if (collection === "" && !/^\d{1,4}$/.test(count))
      throw new UnsupportedConstruct("it has no list and no number of instances");
    const name = zeebe?.attribute("inputElement") || loop.attribute("elementVariable") || "item";
    const output = zeebe?.attribute("outputCollection") ?? "";
    if (output !== "" && zeebe !== undefined) zeebe.attribute("outputElement");
    const list =
      collection === ""
        ? `[${Array.from({ length: Number(count) }, (_, index) => index).join(", ")}]`
        : expression(collection);
    if (output === "")
      this.#scope.shared.source.collector.report(
        loop.line,
        `instances of ${this.#node.title}`,
        "no variable has their outputs",
      );
    if (zeebe !== undefined && zeebe.attribute("outputElement") !== "")
      this.#scope.shared.source.collector.report(
        zeebe.line,
        "outputElement",
        "the list has the outputs of the instances",
      );
    return {
      forEach: condition(list),
      with: template(withMember(data, [name], "item")),
      isSequential: loop.attribute("isSequential") === "true",
      result: output === "" ? data : withMember(data, [output], "output"),
    };
  }

  #approval(): Tree {
    const element = this.#element;
    const assignment = element.first("extensionElements")?.first("assignmentDefinition");
    const by: string[] = [];
    for (const holder of [element, assignment])
      for (const [key, prefix] of [
        ["assignee", ""],
        ["candidateUsers", ""],
        ["candidateGroups", "group:"],
      ] as const) {
        const assignees = holder?.attribute(key) ?? "";
        if (assignees === "") continue;
        const names = assignees.split(",").map((name) => name.trim());
        if (names.every((name) => /^[\w.@-]+$/.test(name))) by.push(...names.map((name) => prefix + name));
        else
          this.#scope.shared.source.collector.report(
            element.line,
            `${key}: ${assignees}`,
            "the people of an approval are not computed",
          );
      }
    return {
      title: plain(this.#node.title.slice(0, 200)),
      context: template(data),
      ...(by.length > 0 && { by }),
    };
  }

  /** Returns the capability of a task or of a thrown event. */
  #called(element: XmlElement, fallback = this.#node.title): Record<string, Json> {
    const extensions = element.first("extensionElements");
    const type = extensions?.first("taskDefinition")?.attribute("type") ?? "";
    if (isComputed(type)) throw new UnsupportedConstruct("a computed type of a job has no counterpart");
    const code = element.attribute("delegateExpression") || element.attribute("expression");
    const decision =
      element.attribute("decisionRef") ||
      (extensions?.first("calledDecision")?.attribute("decisionId") ?? "");
    const named =
      type ||
      element.attribute("topic") ||
      element.attribute("class").split(".").at(-1) ||
      /[A-Za-z_]\w*/.exec(code)?.[0] ||
      (decision && `decision-${decision}`) ||
      fallback;
    const uses = nameFromCamelCase(named);
    const { source } = this.#scope.shared;
    const script = element.first("script");
    if (script !== undefined)
      source.report(script, `${this.#node.title}: script`, `write it as a handler of \`${uses}\``);
    if (code !== "" && !/^[$#]\{\s*\w+\s*\}$/.test(code))
      source.collector.report(element.line, code, `write it as a handler of \`${uses}\``);
    this.#scope.reportOnce(element, named, `a worker has to offer the capability \`${uses}\``);
    return { uses };
  }

  #calledWorkflow(): string {
    const called =
      this.#element.first("extensionElements")?.first("calledElement")?.attribute("processId") ||
      this.#element.attribute("calledElement");
    if (called === "" || isComputed(called)) throw new UnsupportedConstruct("it names no process");
    const known = this.#scope.shared.workflows.get(called);
    if (known?.process.attribute("id") === called) return known.workflow;
    const workflow = nameFromCamelCase(called);
    this.#scope.reportOnce(this.#element, called, `the workflow \`${workflow}\` has to be registered`);
    return workflow;
  }

  #subprocess(): string {
    if (this.#element.name === "transaction")
      this.#scope.shared.source.collector.report(
        this.#element.line,
        this.#node.title,
        "a transaction is not undone as a whole",
      );
    const name = this.#scope.shared.source.collector.freeName(`${this.#scope.name}-${this.#node.title}`);
    const scope = new Scope(this.#scope.shared, this.#element, name);
    // A collapsed subprocess of a drawing may be empty.
    if (scope.nodes.size === 0) throw new UnsupportedConstruct("it has no content");
    scope.add();
    return name;
  }

  /** Returns the boundary events that end the node. An error with a code comes before the catch-all. */
  #boundary(
    node = this.#node,
    isChild = false,
  ): {
    readonly states: Tree;
    readonly failed: readonly Json[];
    readonly codes: readonly string[];
  } {
    const states: { on: Record<string, Json>; after: Record<string, Json> } = { on: {}, after: {} };
    const [failed, failedOtherwise, codes]: [Json[], Json[], string[]] = [[], [], []];
    for (const event of node.boundary) {
      const { element } = event;
      this.#scope.builtNodes.add(event.id);
      if (element.attribute("cancelActivity") === "false")
        throw new UnsupportedConstruct(
          `the event \`${event.title}\` does not interrupt it, which has no counterpart`,
        );
      const error = element.first("errorEventDefinition");
      if (error !== undefined) {
        const code = this.#scope.nameOf(error.markRead().attribute("errorRef")) ?? "";
        if (isChild && code !== "") {
          this.#scope.shared.source.report(
            element,
            event.title,
            "an error of a child run has another code. The run fails here",
          );
          continue;
        }
        if (code !== "") codes.push(code);
        (code === "" ? failedOtherwise : failed).push({
          ...(code !== "" && { when: `error.code == ${JSON.stringify(code)}` }),
          ...this.#onwards(
            {
              data: template(withMember(data, ["error"], '{"code": error.code, "message": error.message }')),
            },
            event,
          ),
        });
      } else this.#awaited(event, states);
    }
    const { on, after } = states;
    return {
      states: { ...(Object.keys(on).length > 0 && { on }), ...(Object.keys(after).length > 0 && { after }) },
      failed: [...failed, ...failedOtherwise],
      codes,
    };
  }

  /** Adds a message, a signal or a time that continues. */
  #awaited(event: Node, { on, after }: { on: Record<string, Json>; after: Record<string, Json> }): void {
    const { element } = event;
    const timer = element.first("timerEventDefinition");
    if (timer !== undefined) {
      const time = timer.first("timeDuration");
      if (time === undefined) throw new UnsupportedConstruct("only a duration is known of a time here");
      const key = duration(time.text());
      if (after[key] !== undefined) throw new UnsupportedConstruct("two times are the same");
      after[key] = this.#onwards({}, event);
      return;
    }
    const name = this.#eventName(element);
    if (on[name] !== undefined) throw new UnsupportedConstruct(`two events have the name \`${name}\``);
    const payload = "event.payload";
    on[name] = this.#onwards(
      { data: template(`type(${payload}) == map ? ${merged(data, payload)} : ${data}`) },
      event,
    );
  }

  #eventName(element: XmlElement): string {
    const definition = element.first("messageEventDefinition", "signalEventDefinition");
    const holder = definition ?? element;
    const ref = holder.attribute("messageRef") || holder.attribute("signalRef");
    const name = this.#scope.nameOf(ref);
    if (name === undefined) throw new UnsupportedConstruct("it names no message, signal or time");
    if (!/^[\w.-]{1,100}$/.test(name)) throw new UnsupportedConstruct(`\`${name}\` is no name of a signal`);
    return name;
  }

  #caught(): Tree {
    const element = this.#element;
    const timer = element.first("timerEventDefinition");
    const [time, moment] = [timer?.first("timeDuration"), timer?.first("timeDate")];
    if (timer !== undefined) {
      const text = (time ?? moment)?.text() ?? "";
      if (text === "") throw new UnsupportedConstruct("only a duration or a moment is known of a time here");
      const wait =
        time === undefined
          ? { until: value(text) }
          : isComputed(text)
            ? { for: template(expression(text)) }
            : { for: duration(text) };
      if (time !== undefined && isComputed(text))
        throw new UnsupportedConstruct("a computed duration is one of ISO 8601");
      return { run: { wait }, onDone: this.#onwards() };
    }
    const link = element.first("linkEventDefinition");
    if (link !== undefined) {
      link.attribute("name");
      return { always: this.#onwards() };
    }
    const states: { on: Record<string, Json>; after: Record<string, Json> } = { on: {}, after: {} };
    this.#awaited(this.#node, states);
    const { states: border, failed } = this.#boundary();
    if (failed.length > 0) throw new UnsupportedConstruct("it waits, and has no error");
    const own = { on: states.on, after: states.after };
    const on = { ...own.on, ...((border["on"] as Record<string, Json>) ?? {}) };
    const after = { ...own.after, ...((border["after"] as Record<string, Json>) ?? {}) };
    return { on, ...(Object.keys(after).length > 0 && { after }) };
  }

  #firstEvent(): Tree {
    const states: { on: Record<string, Json>; after: Record<string, Json> } = { on: {}, after: {} };
    for (const flow of this.#node.outgoing) {
      this.#named(flow);
      const event = this.#scope.node(flow.to, flow.element);
      this.#scope.builtNodes.add(event.id);
      if (event.boundary.length > 0)
        throw new UnsupportedConstruct(`\`${event.title}\` has events at its border`);
      this.#awaited(event, states);
    }
    return { on: states.on, ...(Object.keys(states.after).length > 0 && { after: states.after }) };
  }

  #thrown(): Tree {
    const element = this.#element;
    const link = element.first("linkEventDefinition");
    if (link !== undefined) {
      const name = link.attribute("name");
      const target = [...this.#scope.nodes.values()].find(
        (each) =>
          each.element.name === "intermediateCatchEvent" &&
          each.element.first("linkEventDefinition")?.attribute("name") === name,
      );
      if (target === undefined) throw new UnsupportedConstruct(`no link \`${name}\` is caught`);
      return { always: { to: this.#machine.to(target.id, element) } };
    }
    if (!element.elements.some(({ name }) => name.endsWith("EventDefinition")))
      return { always: this.#onwards() };
    return this.#work(this.#sent());
  }

  /** Returns the task that sends a message or signal. */
  #sent(): Record<string, Json> {
    const definition = this.#element.first("messageEventDefinition", "signalEventDefinition");
    if (definition === undefined)
      throw new UnsupportedConstruct("only a message or a signal is known to be sent here");
    const ref = definition.attribute("messageRef") || definition.attribute("signalRef");
    const message = this.#scope.nameOf(ref) ?? this.#node.title;
    const holder =
      definition.attribute("topic") !== "" || definition.attribute("class") !== ""
        ? definition
        : this.#element;
    return this.#called(holder, `send-${message}`);
  }

  #endEvent(): Tree {
    const element = this.#element;
    const error = element.first("errorEventDefinition");
    if (error !== undefined) {
      const code = this.#scope.nameOf(error.markRead().attribute("errorRef")) ?? "";
      return { final: true, fail: plain([code, this.#node.title].filter(Boolean).join(": ")) };
    }
    const terminate = element.first("terminateEventDefinition");
    if (terminate !== undefined && this.#machine.isBranched)
      this.#scope.shared.source.report(terminate, this.#node.title, "it ends its branch, and not the others");
    terminate?.markRead();
    const other = element.elements.find(
      ({ name }) => name.endsWith("EventDefinition") && name !== "terminateEventDefinition",
    );
    if (other === undefined) return { final: true, output: template(this.#machine.output) };
    if (other.name === "messageEventDefinition" || other.name === "signalEventDefinition")
      return this.#work(this.#sent());
    throw new UnsupportedConstruct(`\`${other.name}\` has no counterpart`);
  }

  /** Returns the conditions of flows, with the default at the end. */
  #conditions(): readonly Branch[] {
    const otherwise = this.#element.attribute("default");
    const all = this.#node.outgoing.map((flow) => {
      this.#named(flow);
      const condition = flow.element.first("conditionExpression");
      const isDefault = otherwise !== "" && flow.element.attribute("id") === otherwise;
      const language = condition?.attribute("language") ?? "";
      if (language !== "") throw new UnsupportedConstruct(`a condition in ${language} has no counterpart`);
      if (condition?.attribute("type") !== undefined && condition.attribute("type") !== "")
        this.#scope.reportOnce(condition, "conditionExpression type", "a condition is an expression");
      return {
        flow,
        isDefault,
        ...(condition !== undefined && !isDefault && { when: expression(condition.text()) }),
      };
    });
    const open = all.filter(({ when }) => when === undefined);
    return [
      ...all.filter(({ when }) => when !== undefined),
      ...open.filter(({ isDefault }) => !isDefault),
      ...open.filter(({ isDefault }) => isDefault),
    ];
  }

  #choices(): Json[] {
    const all: Json[] = this.#conditions().map(({ flow, when }) => ({
      ...(when !== undefined && { when: condition(when) }),
      to: this.#machine.to(flow.to, flow.element),
    }));
    if (all.length === 0) return [{ to: "end" }];
    if ((all.at(-1) as Tree)["when"] !== undefined) all.push({ to: "no-way" });
    return all;
  }

  #branches(): Tree {
    const { outgoing, incoming, title } = this.#node;
    if (outgoing.length <= 1) {
      if (incoming.length > 1) throw new UnsupportedConstruct("it joins flows that no gateway parted");
      return { always: this.#onwards() };
    }
    const isAll = this.#element.name === "parallelGateway";
    const conditions: readonly Branch[] = isAll
      ? outgoing.map((flow) => {
          this.#named(flow);
          return { flow, isDefault: false };
        })
      : this.#conditions();
    const join = new Block(this.#scope, this.#node).join();
    const { source } = this.#scope.shared;
    const name = source.collector.freeName(`${this.#scope.name}-${title}`);
    const starts = conditions.map(({ flow }) => this.#scope.node(flow.to, flow.element));
    // A flow that leads directly to the join has no work.
    const own = starts.flatMap((start, index) =>
      start.id === join ? [] : [{ start, when: conditionOfBranch(conditions, index) }],
    );
    if (own.length < 2 && own.length < starts.length)
      throw new UnsupportedConstruct("a flow around the branches has no counterpart");
    if (join !== undefined) this.#scope.builtNodes.add(join);
    new Machine(this.#scope, {
      name,
      starts: own.map(({ start }) => start),
      ...(join !== undefined && { stopAt: join }),
    }).add();
    const indices = own.map(({ when }, index) =>
      when === undefined ? `[${index}]` : `(${when} ? [${index}] : [])`,
    );
    const open = conditions.every(({ when }) => when !== undefined);
    const after = join === undefined ? undefined : this.#scope.node(join, this.#element);
    const all = own.map((_, index) => index);
    // The output of a branch has the variables that it changed.
    const outputs = all.reduce(
      (before, index) =>
        merged(before, isAll ? `output[${index}]` : `(output.size() > ${index} ? output[${index}] : {})`),
      data,
    );
    if (open && !isAll)
      source.collector.report(this.#element.line, title, "A gateway without a flow to take continues");
    return {
      run: {
        forEach: isAll ? `[${all.join(", ")}]` : indices.join(" + "),
        workflow: name,
        with: { branch: template("item"), data: template(data) },
      },
      onDone: {
        ...(after === undefined ? { to: "end" } : this.#onwards({}, after)),
        set: { data: template(outputs) },
      },
    };
  }
}

interface Branch {
  readonly flow: Flow;
  readonly isDefault: boolean;
  readonly when?: string;
}

/** When a flow of an inclusive gateway is taken: the default only without the others. Undefined: always. */
function conditionOfBranch(branches: readonly Branch[], index: number): string | undefined {
  const branch = branches[index];
  if (branch?.isDefault !== true) return branch?.when;
  const others = branches.filter(({ isDefault }) => !isDefault).map(({ when }) => when ?? "true");
  return others.length === 0 ? undefined : `!(${others.join(" || ")})`;
}

/** The flows between a splitting and a joining gateway. */
class Block {
  readonly #scope: Scope;
  readonly #split: Node;

  constructor(scope: Scope, split: Node) {
    this.#scope = scope;
    this.#split = split;
  }

  /** Returns the joining gateway. Undefined if all branches end by themselves. */
  join(): string | undefined {
    const branches = this.#split.outgoing.map((flow) => this.#follow(flow));
    const joins = new Set(branches.flatMap(({ ends }) => [...ends]));
    if (joins.size > 1) throw new UnsupportedConstruct("its branches do not join at one gateway");
    const visited = new Set<string>();
    for (const { inside } of branches)
      for (const id of inside) {
        if (visited.has(id))
          throw new UnsupportedConstruct(`its branches meet at \`${id}\` without a gateway that joins`);
        visited.add(id);
      }
    const [join] = joins;
    if (join === undefined) return undefined;
    const node = this.#scope.nodes.get(join);
    const from = new Set([...visited, this.#split.id]);
    if (node?.incoming.some((flow) => !from.has(flow.from)) === true)
      throw new UnsupportedConstruct("the gateway that joins has flows of others");
    return join;
  }

  #follow(first: Flow): { readonly inside: ReadonlySet<string>; readonly ends: ReadonlySet<string> } {
    const [inside, ends] = [new Set<string>(), new Set<string>()];
    const waiting = [first.to];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const node = this.#scope.nodes.get(id);
      if (node === undefined || inside.has(id)) continue;
      const isFork = /^(parallel|inclusive)Gateway$/.test(node.element.name);
      if (isFork && node.incoming.length > 1 && node.element.name === this.#split.element.name) {
        ends.add(id);
        continue;
      }
      if (id === this.#split.id) throw new UnsupportedConstruct("a branch leads back to it");
      inside.add(id);
      if (isFork && node.outgoing.length > 1) {
        const inner = new Block(this.#scope, node);
        const join = inner.join();
        for (const branch of node.outgoing.map((flow) => inner.#follow(flow)))
          for (const each of branch.inside) inside.add(each);
        if (join === undefined) continue;
        inside.add(join);
        waiting.push(...(this.#scope.nodes.get(join)?.outgoing ?? []).map(({ to }) => to));
        continue;
      }
      waiting.push(...[node, ...node.boundary].flatMap(({ outgoing }) => outgoing.map(({ to }) => to)));
      for (const each of node.boundary) inside.add(each.id);
    }
    return { inside, ends };
  }
}

/** An error with a boundary event is not a fault: the process engine does not retry it. */
function notOn(retry: Json, codes: readonly string[]): Json {
  if (codes.length === 0 || retry === 1) return retry;
  const policy = typeof retry === "object" && retry !== null ? retry : { attempts: retry };
  return { ...policy, notOn: [...codes] };
}
