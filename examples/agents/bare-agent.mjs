// An agent without a library: the link over a WebSocket, as JSON, in plain JavaScript. It runs in a browser tab and in
// Node, and keeps every rule of the conformance program. The states are those of docs/guides/agents.md:
//
//     waiting ── opened ──► greeting ── welcome ──► linked ── closed, gap, garbage ──► waiting (resumes)
//     greeting ── refused ──► waiting, or ended for good        linked ── bye ──► waiting (a new link), or ended
//
//   const agent = new BareAgent({ url: "ws://127.0.0.1:7400/v1/link", slots: 2, handlers: { "page.shout": (input) => … } });
//   agent.start();
//   await agent.ended;

const greetingMs = 10_000;
const pauseMs = { first: 100, most: 5_000 };

export class BareAgent {
  #options;
  #socket;
  #state = "waiting";
  #isDraining = false;
  #isAsleep = false;
  #failures = 0;
  #timers = new Set();

  // Of the link.
  #welcome;
  #said = 0;
  #received = 0;
  #unacknowledged = [];
  #resultsSaid = 0;
  #cutAtMs = 0;
  #granted = 0;
  #saying;

  // Attempts by token: at work, or ended with a result that is not durable.
  #atWork = new Map();
  #results = new Map();
  #ended = Promise.withResolvers();

  constructor(options) {
    this.#options = { agentId: "", namespace: "", pool: "", slots: 1, version: "1.0.0", ...options };
    this.#options.incarnation = String(Date.now());
  }

  /** Resolves when it has left; rejects with why it was refused for good. */
  get ended() {
    return this.#ended.promise;
  }

  start() {
    this.#connect();
  }

  /** Takes no more, finishes what it has, and leaves. */
  drain(reason = "the agent stops") {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (this.#state !== "linked") return this.#end();
    this.#say({ drain: { reason } });
    this.#leaveWhenDone();
  }

  /** Offers one more capability; the host gives it a number. */
  offer(name, handler) {
    this.#options.handlers[name] = handler;
    this.#say({ offering: this.#offering() });
  }

  /** Takes nothing until it is awake again; what is at work ends. */
  sleep(reason = "the agent rests") {
    this.#isAsleep = true;
    this.#granted = 0;
    this.#say({ sleep: { reason } });
  }

  wake(reason = "the agent is awake") {
    this.#isAsleep = false;
    this.#say({ wake: { reason } });
    this.#grant();
  }

  // Streams. Each begins with a greeting, and nothing else is sent before the answer.

  #connect() {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    this.#state = "greeting";
    const late = this.#after(greetingMs, () => socket.close());
    socket.onopen = () => socket.send(JSON.stringify({ hello: this.#hello() }));
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#clear(late);
      this.#heard(data);
    };
    socket.onclose = () => {
      this.#clear(late);
      if (socket === this.#socket) this.#comeAgain(this.#pause());
    };
  }

  #hello() {
    const { agentId, namespace, pool, incarnation } = this.#options;
    const running = [...this.#atWork.keys(), ...this.#results.keys()];
    const hello = { versionMin: 1, versionMax: 1, agentId, namespace, pool, incarnation, running };
    const canResume = this.#welcome && Date.now() - this.#cutAtMs < this.#welcome.resumeWindowMs;
    const resume = canResume ? { linkId: this.#welcome.linkId, received: this.#received } : undefined;
    return { ...hello, offering: this.#offering(), resume };
  }

  #offering() {
    const { slots, handlers, version } = this.#options;
    return { slots, capabilities: Object.keys(handlers).map((name) => ({ name, version })) };
  }

  /** After the pause, which grows with jitter as long as nobody answers. */
  #comeAgain(pause) {
    if (this.#state === "ended") return;
    if (this.#state === "linked") this.#cutAtMs = Date.now();
    this.#socket = undefined;
    this.#state = "waiting";
    if (this.#isDraining) return this.#end();
    this.#after(pause, () => this.#connect());
  }

  #pause() {
    const most = Math.min(pauseMs.most, pauseMs.first * 2 ** this.#failures++);
    return most * (0.5 + Math.random() / 2);
  }

  #breakOff(pause = this.#pause()) {
    const socket = this.#socket;
    this.#comeAgain(pause);
    socket?.close();
  }

  #end(error) {
    this.#state = "ended";
    this.#socket?.close();
    for (const timer of this.#timers) clearTimeout(timer);
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
  }

  // What the host says.

  #heard(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return this.#breakOff();
    }
    if (frame.welcome) return this.#welcomed(frame.welcome);
    if (frame.refused) return this.#refused(frame.refused.error ?? {});
    if (this.#state !== "linked") return this.#breakOff();
    // One that was taken in already has no effect; after a gap nothing has.
    if (frame.sequence <= this.#received) return;
    if (frame.sequence !== this.#received + 1) return this.#breakOff();
    this.#received = frame.sequence;
    this.#take(frame);
  }

  #welcomed(welcome) {
    this.#failures = 0;
    this.#state = "linked";
    this.#options.agentId = welcome.agentId;
    const missed = this.#unacknowledged.filter(({ number }) => number > (welcome.received ?? 0));
    for (const token of welcome.unwanted ?? []) this.#forget(token);
    if (welcome.resumed) {
      this.#welcome = { ...welcome, numbers: this.#welcome.numbers };
      for (const { text } of missed) this.#socket.send(text);
    } else {
      const names = Object.entries(welcome.capabilityNumbers?.numbers ?? {});
      this.#welcome = {
        ...welcome,
        numbers: new Map(names.map(([name, number]) => [number, name.split("@")[0]])),
      };
      this.#said = 0;
      this.#received = 0;
      this.#granted = 0;
      this.#resultsSaid = 0;
      this.#unacknowledged = [];
      for (const result of this.#results.values()) this.#sayResult(result);
    }
    this.#grant();
    this.#beat();
    this.#leaveWhenDone();
  }

  #refused(error) {
    if (error.retry === "RETRY_CLASS_NEVER") return this.#end(new Error(`${error.code}: ${error.message}`));
    this.#welcome = undefined;
    this.#breakOff(error.retryAfterMs || this.#pause());
  }

  #take({ acknowledged = 0, assignments = [], resultsDurable = 0, resultsDurableBeyond = [], ...rest }) {
    this.#unacknowledged = this.#unacknowledged.filter(({ number }) => number > acknowledged);
    // Before the assignments: one that was answered as busy may come again with the word that its answer is durable.
    for (const [token, { number }] of this.#results)
      if (number <= resultsDurable || resultsDurableBeyond.includes(number)) this.#results.delete(token);
    for (const one of assignments) this.#assigned(one);
    for (const one of rest.cancels ?? []) this.#cancelled(one);
    for (const { token, runMs = 0 } of rest.extensions ?? []) this.#atWork.get(token)?.limit(runMs);
    for (const [name, number] of Object.entries(rest.capabilityNumbers?.numbers ?? {}))
      this.#welcome.numbers.set(number, name.split("@")[0]);
    if (rest.drain) this.#isDraining = true;
    if (rest.sleep) this.#isAsleep = true;
    if (rest.sleep || rest.drain) this.#granted = 0;
    if (rest.wake) this.#isAsleep = false;
    this.#grant();
    this.#leaveWhenDone();
    if (rest.bye) this.#sentAway(rest.bye);
  }

  #sentAway({ returnAfterMs = 0 }) {
    this.#welcome = undefined;
    if (returnAfterMs < 0) this.#end(new Error("the host sent it away for good"));
    else this.#breakOff(returnAfterMs);
  }

  // What is said to the host: numbered frames, kept until they are acknowledged.

  /** All that is said in one turn of the event loop goes into one frame. */
  #say(words) {
    if (this.#saying === undefined) {
      this.#saying = {};
      queueMicrotask(() => this.#flush());
    }
    for (const [field, value] of Object.entries(words)) {
      if (Array.isArray(value)) this.#saying[field] = [...(this.#saying[field] ?? []), ...value];
      else if (field === "credit") this.#saying.credit = (this.#saying.credit ?? 0) + value;
      else this.#saying[field] = value;
    }
  }

  #flush() {
    const words = this.#saying;
    this.#saying = undefined;
    // Results are said again on a new link, and the rest has no meaning there.
    if (this.#welcome === undefined) return;
    const number = ++this.#said;
    const text = JSON.stringify({ sequence: number, acknowledged: this.#received, ...words });
    this.#unacknowledged.push({ number, text });
    if (this.#state === "linked" && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** So many credits that what is granted and what is at work are together the slots. */
  #grant() {
    const free = this.#options.slots - this.#atWork.size - this.#granted;
    if (free <= 0 || this.#isDraining || this.#isAsleep || this.#state !== "linked") return;
    this.#granted += free;
    this.#say({ credit: free });
  }

  #beat() {
    const socket = this.#socket;
    this.#after(this.#welcome.heartbeatMs, () => {
      if (this.#state !== "linked" || socket !== this.#socket) return;
      const attempts = this.#atWork.size;
      this.#say({ heartbeat: { attempts, freeSlots: Math.max(0, this.#options.slots - attempts) } });
      this.#beat();
    });
  }

  #leaveWhenDone() {
    if (!this.#isDraining || this.#state !== "linked" || this.#atWork.size + this.#results.size > 0) return;
    this.#say({ bye: { reason: "all is done" } });
    queueMicrotask(() => this.#end());
  }

  // Attempts.

  #assigned(assign) {
    const { token, capability } = assign;
    this.#granted = Math.max(0, this.#granted - 1);
    if (this.#atWork.has(token) || this.#results.has(token)) return;
    const handler = this.#options.handlers[this.#welcome.numbers.get(capability)];
    const attempt = { sinceMs: Date.now(), abort: new AbortController(), limit: () => {} };
    this.#atWork.set(token, attempt);
    let timer;
    attempt.limit = (runMs) => {
      this.#clear(timer);
      attempt.untilMs = runMs > 0 ? Date.now() + runMs : undefined;
      if (runMs > 0) timer = this.#after(runMs, () => this.#fail(token, timedOut(runMs)));
    };
    attempt.limit(assign.runMs ?? 0);
    this.#after(this.#welcome.startedAfterMs ?? 0, () => this.#begun(token, attempt));
    if (handler === undefined) return this.#fail(token, unknownNumber(capability));
    this.#run(handler, assign, attempt);
  }

  async #run(handler, assign, attempt) {
    const { token } = assign;
    try {
      const input = inputOf(assign.inlineInput);
      const output = await handler(input, this.#taskOf(assign, attempt));
      if (this.#atWork.get(token) !== attempt) return;
      if (attempt.abort.signal.aborted && attempt.isCancelled) return this.#answer(token, { stopped: {} });
      this.#answer(token, { inlineOutput: encoded(output, this.#welcome?.maxInlineBytes) });
    } catch (thrown) {
      if (this.#atWork.get(token) !== attempt) return;
      if (attempt.isCancelled) this.#answer(token, { stopped: { message: String(thrown?.message ?? "") } });
      else if (thrown?.busy !== undefined) this.#answer(token, { busy: { retryAfterMs: thrown.busy } });
      else this.#fail(token, thrown);
    }
  }

  /** What a handler is given beside its input. */
  #taskOf(assign, attempt) {
    const { token, workId = "", taskId = "", labels = [] } = assign;
    let pieces = 0;
    const isOver = () => this.#atWork.get(token) !== attempt;
    return {
      workId,
      taskId,
      attempt: assign.attempt ?? 1,
      traceparent: assign.traceparent ?? "",
      idempotencyKey: assign.idempotencyKey || `${workId}/${taskId}`,
      namespace: assign.namespace || this.#options.namespace || "default",
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      saved: assign.saved ? inputOf(assign.saved) : undefined,
      signal: attempt.abort.signal,
      remainingMs: () => (attempt.untilMs === undefined ? undefined : attempt.untilMs - Date.now()),
      /** A piece of the output before its end. */
      output: (text, channel = "") => {
        if (isOver()) return;
        const chunk = base64(new TextEncoder().encode(text));
        this.#say({ partialOutputs: [{ token, index: pieces++, chunk, channel }] });
      },
      /** A sign of life; `saved` is what a later attempt finds. */
      progress: ({ fraction = 0, message = "", saved } = {}) => {
        if (isOver()) return;
        const kept = saved === undefined ? undefined : encoded(saved);
        this.#say({ progress: [{ token, fraction, message, saved: kept }] });
      },
    };
  }

  #begun(token, attempt) {
    if (this.#atWork.get(token) !== attempt) return;
    this.#say({ started: [{ token, agoMs: Date.now() - attempt.sinceMs }] });
  }

  #cancelled({ token, graceMs = 0 }) {
    const attempt = this.#atWork.get(token);
    if (attempt === undefined) return;
    attempt.isCancelled = true;
    attempt.abort.abort();
    if (graceMs === 0) return this.#forget(token);
    this.#after(graceMs, () => {
      if (this.#atWork.get(token) === attempt)
        this.#answer(token, { stopped: { message: "it did not end" } });
    });
  }

  #fail(token, { code = "agent.threw", message = "", final = false, details, retryAfterMs, retry }) {
    const usual = final ? "RETRY_CLASS_NEVER" : "RETRY_CLASS_SAME_KEY";
    const failed = { code, message: String(message), status: "INTERNAL", details, retryAfterMs };
    this.#answer(token, { failed: { ...failed, retry: retry ?? usual } });
  }

  /** The end of an attempt: kept until it is durable. */
  #answer(token, outcome) {
    const attempt = this.#atWork.get(token);
    if (attempt === undefined) return;
    this.#atWork.delete(token);
    attempt.abort.abort();
    const result = { token, outcome, runMs: Date.now() - attempt.sinceMs, number: 0 };
    this.#results.set(token, result);
    this.#sayResult(result);
    this.#grant();
  }

  #sayResult(result) {
    const { token, outcome, runMs } = result;
    result.number = ++this.#resultsSaid;
    this.#say({ results: [{ token, ...outcome, runMs }] });
  }

  #forget(token) {
    this.#atWork.get(token)?.abort.abort();
    this.#atWork.delete(token);
    this.#results.delete(token);
  }

  #after(ms, then) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #clear(timer) {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}

function timedOut(runMs) {
  return { code: "agent.timed_out", message: `it was not done within ${runMs} ms` };
}

function unknownNumber(number) {
  const message = `no capability was agreed as number ${number}`;
  return { code: "agent.unknown_capability", message, retry: "RETRY_CLASS_ELSEWHERE" };
}

function inputOf(text) {
  if (text === undefined || text === "") return null;
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw { code: "agent.input_malformed", message: `the input is no JSON: ${error.message}`, final: true };
  }
}

function encoded(value, bytesMax = Number.POSITIVE_INFINITY) {
  requireJson(value, "the output");
  const bytes = new TextEncoder().encode(JSON.stringify(value ?? null));
  if (bytes.length <= bytesMax) return base64(bytes);
  const message = `the output has ${bytes.length} bytes, and may have ${bytesMax}`;
  throw { code: "agent.output_too_large", message, final: true };
}

/** `JSON.stringify` leaves out what is no JSON, and says nothing. */
function requireJson(value, where) {
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value !== "object")
    throw {
      code: "agent.output_malformed",
      message: `${where} is no JSON, but a ${typeof value}`,
      final: true,
    };
  for (const [key, one] of Object.entries(value)) requireJson(one, `${where}.${key}`);
}

function base64(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 32_768)
    letters += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(letters);
}
