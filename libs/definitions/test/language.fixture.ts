import assert from "node:assert/strict";
import {
  type CheckedDefinition,
  type CheckOptions,
  checkText,
  type Definition,
  type Plan,
  printProblem,
} from "../src/index.ts";

/** Checks YAML whose first line break is cut off, so that lines count from the first written one. */
export function check(text: string, options: CheckOptions = {}): CheckedDefinition {
  return checkText({ format: "yaml", text: text.replace(/^\n/, ""), fileName: "a.yaml" }, options);
}

/** Returns problems without the expected value, as people see them. */
export function problemsOf(text: string, options: CheckOptions = {}): readonly string[] {
  return check(text, options).problems.map((problem) => printProblem({ ...problem, expected: "" }));
}

export function definitionOf(text: string, options: CheckOptions = {}): Definition {
  const { definition, problems } = check(text, options);
  assert.ok(definition !== undefined, problems.map(printProblem).join("\n"));
  return definition;
}

export function planOf(text: string, options: CheckOptions = {}): Plan {
  const { plan } = definitionOf(text, options);
  assert.ok(plan !== undefined, "it is no template");
  return plan;
}

/** Every feature of the language, in one definition of tasks and one of states. */
export const everything = `
workflow: shop.everything
description: All of it.
labels: {team: shop}
input:
  schema:
    type: object
    properties:
      customer: {type: string}
      total: {type: number}
      count: {type: integer}
      items: {type: array, items: {type: object, properties: {sku: {type: string}, weight: {type: number}}}}
outputSchema: {type: object}
vars: {note: none, tries: 0}
signals:
  paid: {schema: {type: object, properties: {amount: {type: number}}}, description: Somebody paid.}
queries:
  progress: {output: {note: "\${{ vars.note }}", asked: "\${{ payload }}"}, outputSchema: {type: object}}
updates:
  annotate:
    schema: {type: object, properties: {text: {type: string}}}
    validate: "\${{ payload.text.size() < 100 }}"
    message: "too long: \${{ payload.text.size() }}"
    set: {note: "\${{ payload.text }}", tries: "\${{ vars.tries + 1 }}"}
    output: "\${{ vars.note }}"
pool: big
priority: 5
timeout: 7d
retention: 30d
limits:
  - {key: "customer-\${{ input.customer }}", concurrency: 2}
onFailure: compensate
tasks:
  reserve:
    title: Reserve
    uses: stock.reserve@^2
    with: {items: "\${{ input.items }}", customer: "\${{ input.customer }}"}
    retry: {attempts: 5, backoff: 1s..1m, factor: 2, jitter: 0.3, on: [stock.*], notOn: [stock.gone], exhausted: pause}
    timeout: {queue: 1h, run: 30s, heartbeat: 5s, total: 2h}
    compensate: {uses: stock.release, with: {reservation: "\${{ output.id }}"}, retry: 3, timeout: 10s}
    priority: 10
    labels: {customer: "\${{ input.customer }}"}
    placement:
      pool: big
      require: {equals: {region: eu}, exists: [disk], absent: [spot]}
      prefer: {equals: {warm: "yes"}}
      stickyKey: "\${{ input.customer }}"
      contextKey: repository
    resources: {cpu: 2, memory_bytes: 1000000}
    cost: {duration: 3s, money: 0.1, tokens: 100, by: [amount, order.items]}
    checks:
      - {name: complete, condition: "\${{ output.count == input.count }}", onFailure: sendBack, times: 2}
    limits:
      - {key: stock, concurrency: 10, rate: 100/5m}
      - {key: "\${{ input.customer }}", rate: {count: 3, per: 1s, burst: 9}}
    cache: {key: "\${{ input.customer }}", ttl: 1h}
    idempotencyKey: "\${{ run.id }}-reserve"
    mayBeDoubled: true
  charge:
    needs: [reserve]
    uses: pay.charge
    when: "\${{ input.total > 0 }}"
    timeout: 30s
    cache: 5m
    placement: {sameAgentAs: [reserve], notAgentOf: []}
  refund:
    needs: [{task: charge, on: failure}]
    uses: pay.refund
    with: {because: "\${{ tasks.charge.error.message }}"}
    mayFail: true
  paid: {wait: {signal: paid, where: "\${{ signal.payload.amount > 10 }}", within: 2d}}
  later: {needs: paid, wait: 5m}
  monday: {needs: [later], wait: {until: "\${{ run.startTime }}"}}
  pause: {wait: {for: "\${{ input.count > 3 ? '1h' : '5m' }}"}}
  ship:
    needs: [charge]
    forEach: "\${{ input.items }}"
    maxParallel: 8
    failFast: false
    uses: ship.box
    with: {sku: "\${{ item.sku }}", place: "\${{ index }}"}
  invoice: {workflow: billing.invoice@stable, with: {total: "\${{ input.total }}"}, parameters: {currency: EUR}, parentClose: abandon, needs: [charge]}
  research: {mission: market.research, with: {about: "\${{ input.customer }}"}}
  weights: {set: "\${{ input.items.map(i, i.weight) }}"}
  heavy: {set: {sum: "\${{ tasks.weights.output.size() + 1 }}", boxes: "\${{ tasks.ship.output }}"}}
  poll:
    loop:
      tasks:
        ask: {uses: carrier.ask, with: {round: "\${{ round.number }}", boxes: "\${{ tasks.ship.output }}"}}
        judge: {set: "\${{ tasks.ask.output.arrived == true }}"}
      until: "\${{ tasks.judge.output }}"
      max: 20
      every: 1m
      initial: 0
      output: "\${{ tasks.ask.output }}"
  good:
    needs: [ship]
    gate:
      checks:
        all: "\${{ tasks.ship.output.size() == input.items.size() }}"
        any: "\${{ tasks.ship.output.exists(box, has(box.id)) }}"
      sendBack: ship
      times: 2
      report: {found: "\${{ tasks.ship.output.size() }}"}
  sure:
    needs: [good]
    approve: {by: [ops], title: "Order of \${{ input.customer }}", message: Look, context: "\${{ tasks.ship.output }}", form: {type: object}, needed: 2, within: 2d}
  more:
    needs: [sure]
    spawn: {tasks: "\${{ tasks.good.output.checks.map(c, {'id': c.name, 'uses': 'note.add'}) }}", max: 10}
  last:
    needs: [{task: sure, on: always}, more]
    set: "\${{ tasks.sure.status + ' ' + tasks.sure.output.verdict }}"
output: {shipped: "\${{ tasks.ship.output }}", note: "\${{ vars.note }}"}
continueAsNew: {when: "\${{ vars.tries > 100 }}", with: "\${{ input }}"}
`;

export const machine = `
workflow: door
vars: {knocks: 0}
signals: {open: {}, knock: {schema: {type: object, properties: {times: {type: integer}}}}, shut: {}}
initial: closed
states:
  closed:
    title: Closed
    entry:
      - {uses: door.shut}
      - {set: "\${{ vars.knocks }}"}
    exit: [{uses: door.unlock, with: {event: "\${{ event.name }}"}}]
    on:
      open: opened
      knock:
        - {to: opened, when: "\${{ event.payload.times + vars.knocks > 3 }}", do: [{uses: door.greet}]}
        - {set: {knocks: "\${{ vars.knocks + event.payload.times }}"}}
    after: {1d: forgotten, 30s: {when: "\${{ vars.knocks > 0 }}", to: closed}}
  opened:
    run: {uses: door.watch, timeout: 1h}
    onDone: {to: closed, when: "\${{ output.quiet }}", set: {knocks: 0}}
    onFailed: {to: broken}
    on: {shut: closed}
    always: [{to: forgotten, when: "\${{ vars.knocks > 100 }}"}]
  broken: {final: true, fail: "the door is broken"}
  forgotten: {final: true, output: {knocks: "\${{ vars.knocks }}"}}
`;
