/** Definitions for tests of runs: small ones that use every word of the language somewhere. */
export const definitions: Readonly<Record<string, string>> = {
  chain: `
workflow: chain
tasks:
  one: {uses: test.one, with: "\${{ input }}", retry: {attempts: 3, backoff: 1s..5s, notOn: [test.fatal]}}
  two: {uses: test.two, needs: [one], with: "\${{ tasks.one.output }}", timeout: {total: 20s}, retry: {attempts: 1, exhausted: pause}}
  three: {uses: test.three, needs: [two], with: {last: "\${{ tasks.two.output }}", all: [1, 2]}}
`,
  graph: `
workflow: graph
tasks:
  root: {set: {n: "\${{ input.n }}"}}
  left: {uses: test.left, needs: [root], when: "\${{ tasks.root.output.n > 1 }}"}
  right: {uses: test.right, needs: [root], mayFail: true}
  mend: {uses: test.mend, needs: [{task: right, on: failure}], with: {error: "\${{ tasks.right.error.code }}"}}
  join: {uses: test.join, needs: [left, {task: mend, on: always}], labels: {n: "\${{ string(tasks.root.output.n) }}"}}
  sum: {set: "\${{ tasks.left.status + tasks.right.status }}", needs: [{task: join, on: always}]}
output: "\${{ tasks.sum.output }}"
`,
  lists: `
workflow: lists
tasks:
  items: {set: "\${{ input.items }}"}
  each: {uses: test.each, forEach: "\${{ tasks.items.output }}", maxParallel: 2, when: "\${{ item != 'skip' }}", with: {item: "\${{ item }}", index: "\${{ index }}"}, timeout: {total: 1m}}
  all: {uses: test.all, forEach: "\${{ input.items }}", failFast: false, mayFail: true, retry: 2, with: "\${{ item }}"}
  after: {set: {count: "\${{ size(tasks.each.output) }}"}, needs: [each]}
`,
  saga: `
workflow: saga
timeout: 2m
tasks:
  book: {uses: test.book, compensate: {uses: test.unbook, retry: {attempts: 2, backoff: 1s}}}
  pay: {uses: test.pay, needs: [book], with: "\${{ tasks.book.output }}", compensate: {uses: test.refund, with: {id: "\${{ output.id }}"}, timeout: {total: 10s}}}
  send: {uses: test.send, needs: [pay], forEach: "\${{ [1, 2] }}", compensate: {uses: test.unsend}}
  last: {uses: test.last, needs: [send]}
`,
  /** States the expected amounts of its attempts. */
  paid: `
workflow: paid
tasks:
  first: {uses: test.first, estimate: {tokens: 2}, retry: {attempts: 3, backoff: 1s}}
  second: {uses: test.second, estimate: {tokens: 1, duration: 10s}, timeout: {total: 30s}}
  many: {uses: test.many, forEach: "\${{ [1, 2, 3] }}", estimate: {tokens: 2}, cache: 1m}
  last: {uses: test.last, needs: [first, {task: many, on: always}], timeout: {run: 20s}}
`,
  kept: `
workflow: kept
onFailure: keep
timeout: 30s
tasks:
  a: {uses: test.a, compensate: {uses: test.undo}}
  b: {uses: test.b, needs: [a]}
`,
  cached: `
workflow: cached
tasks:
  first: {uses: test.first, with: "\${{ input }}", cache: 1m}
  again: {uses: test.first, with: "\${{ input }}", needs: [first], cache: {key: "k", ttl: 10s}, retry: 2}
`,
  endless: `
workflow: endless
tasks:
  work: {uses: test.work}
continueAsNew: {when: "\${{ run.incarnation < 3 }}", with: {round: "\${{ run.incarnation }}"}}
output: "\${{ input }}"
`,
  /** Waits for time and for signals. */
  waits: `workflow: waits
input: {schema: {type: object}}
tasks:
  a: {wait: {signal: go, where: "signal.payload == 1", within: 5s}, mayFail: true}
  b: {wait: 2s}
  c: {wait: {signal: stop}, needs: [{task: a, on: always}]}
  d: {wait: {event: test.made, if: "event.data > 2", within: 8s}, mayFail: true}
  e: {wait: {event: test.made}, needs: [{task: d, on: always}]}
  work: {uses: w, needs: [{task: c, on: always}, b]}
`,
  /** Children execute its tasks. */
  children: `
workflow: children
tasks:
  sub: {workflow: other, retry: {attempts: 2, backoff: 1s}, with: "\${{ input.n }}", timeout: {total: 20s}}
  kept: {workflow: other, parentClose: abandon, mayFail: true}
  after: {uses: test.after, needs: [sub]}
`,
  /** Gates and checks that send work back, and questions to people. */
  reviews: `
workflow: reviews
tasks:
  write: {uses: test.write, with: "\${{ feedback }}", checks: [{name: fine, condition: "output != 'done'", onFailure: sendBack, times: 2}, {name: asked, condition: "type(output) != map", onFailure: approval}]}
  print: {uses: test.print, needs: [write], checks: [{name: there, condition: "output != null"}], retry: {attempts: 2, backoff: 1s}}
  sure: {gate: {checks: {done: "tasks.print.output == 'done'"}, sendBack: write, times: 2}, needs: [print], mayFail: true}
  each: {forEach: "\${{ input.items }}", uses: test.each, needs: [write], mayFail: true, checks: [{name: good, condition: "output == 'done'", onFailure: sendBack, sendBackTo: write}]}
  ask: {approve: {by: [anna, ben], needed: 2, within: 20s, context: "\${{ input.items }}"}, mayFail: true}
  again: {approve: {by: [anna], claimFor: 5s}, needs: [{task: ask, on: always}]}
  free: {approve: {claimFor: 5s}, mayFail: true}
`,
  /** Accepts the signals and queries that its definition declares. */
  told: `
workflow: told
vars: {count: 0, who: nobody}
queries:
  state: {output: {count: "\${{ vars.count }}"}}
updates:
  add: {schema: {type: integer}, validate: "payload > 0", message: "\${{ string(payload) }} is too few", set: {count: "\${{ vars.count + payload }}"}, output: "\${{ vars.count }}"}
tasks:
  wait: {wait: {signal: go}}
  after: {uses: test.after, needs: [wait], with: "\${{ vars.count }}"}
`,
  /** Moves from state to state. */
  machine: `
workflow: machine
vars: {n: 0}
timeout: 1m
initial: idle
states:
  idle: {on: {go: {to: work, when: "event.payload == 1", do: [{uses: test.way}]}, stop: end}, after: {3s: {set: {n: "\${{ vars.n + 1 }}"}}, 6s: work}, always: {to: end, when: "vars.n > 2"}}
  work: {entry: [{set: 1}], exit: [{uses: test.exit, mayFail: true}], run: {uses: test.work, with: "\${{ event }}", compensate: {uses: test.unwork}}, onDone: {to: idle, set: {n: "\${{ vars.n + 1 }}"}}, onFailed: {to: idle, when: "error.code == 'test.broken'"}, on: {stop: bad}}
  end: {final: true, output: "\${{ vars.n }}"}
  bad: {final: true, fail: "it was \${{ event.name }}"}
`,
  /** Adds the tasks that a result contains. */
  coded: `
workflow: coded
tasks:
  code: {function: test.code, with: "\${{ input }}", retry: {attempts: 3, backoff: 1s}, estimate: {tokens: 1}}
  after: {uses: test.after, needs: [code]}
`,
  spawned: `
workflow: spawned
tasks:
  first: {uses: test.first}
  grow: {spawn: "\${{ [{'id': 'leaf', 'uses': 'test.leaf', 'with': 1}, {'id': 'fruit', 'uses': 'test.fruit', 'needs': ['leaf', 'first']}] }}", mayFail: true}
  wrong: {spawn: "\${{ [{'id': 'first', 'uses': 'test.first'}] }}", mayFail: true}
  after: {uses: test.after, needs: [{task: grow, on: always}]}
`,
  /** Rounds: until a condition is true, and while it is, in a list too. */
  rounds: `
workflow: rounds
tasks:
  poll: {loop: {max: 3, every: 2s, initial: 0, until: "tasks.fetch.output == 'done'", tasks: {fetch: {uses: test.fetch, with: "\${{ round.last }}", mayFail: true}, note: {uses: test.note, needs: [{task: fetch, on: always}]}}, output: "\${{ round.number }}"}, timeout: {total: 30s}}
  each: {forEach: "\${{ input.items }}", maxParallel: 2, mayFail: true, loop: {max: 2, while: "round.number < 3", tasks: {work: {uses: test.work, with: "\${{ item }}", compensate: {uses: test.unwork}}}}}
  after: {uses: test.after, needs: [poll, {task: each, on: always}]}
`,
  /** Tasks that start together, in two pools. */
  together: `
workflow: together
tasks:
  server: {uses: test.server, gang: g}
  each: {uses: test.each, gang: g, forEach: "\${{ input.items }}", placement: {pool: gpu}, retry: {attempts: 2, backoff: 1s..1s}, with: "\${{ item }}"}
`,
  /** A call of a keyed object, or one that only reads. */
  called: `
workflow: called
object: {key: "k-\${{ input.n }}", reader: "input.n == 2", call: add}
tasks:
  order: {function: test.order}
`,
  /** Starts when it holds a limit. */
  guarded: `
workflow: guarded
tasks:
  guard: {workflow: other, limits: [{key: shared, concurrency: 1}], retry: {attempts: 2, backoff: 1s}}
`,
  limited: `
workflow: limited
limits: [{key: "shared", concurrency: 1}, {key: "k-\${{ input.n }}", rate: 5/s}]
tasks:
  work: {uses: test.work}
`,
};
