/**
 * HTTP requests of the contracts, and replies of the contracts as responses.
 *
 * 1. Every value must belong to a field: an unknown parameter or field is refused with the name that was
 *    likely meant.
 * 2. All problems of a request are reported together, each with its name in the request.
 */
import { type Defer, inTurns, systemDefer } from "@tutti/kernel";
import { restErrors } from "../errors.ts";
import { type PlannedField, pathOf, planOf, type RoutePlan } from "../plan/plan.ts";
import { type FieldTable, messageOf, type Schema } from "../plan/schema.ts";
import type { Route } from "../routes/route.ts";
import { Found, unknownName, type Wrong } from "./found.ts";
import { isObject } from "./payload.ts";
import { valueIn } from "./query.ts";
import { type Draft, Reader } from "./reader.ts";
import { type Json, type Message, Writer } from "./writer.ts";

export interface HttpParts {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** JSON document of the body. Undefined without one. */
  readonly body: unknown;
  /** Empty if the caller sent none. */
  readonly idempotencyKey: string;
}

export class Mapping {
  readonly #schema: Schema;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #lateWriter: Writer;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#reader = new Reader(schema);
    this.#writer = new Writer(schema);
    this.#lateWriter = new Writer(schema, true);
  }

  planOf(route: Route & { readonly rpc: string }): RoutePlan {
    return planOf(route, this.#schema);
  }

  /** Returns the request of the contract. Throws an error with all its problems. */
  request(plan: RoutePlan, parts: HttpParts): Message {
    const found = new Found(plan.route.confidential);
    return accepted(plan, this.#draft(plan, parts, found), found);
  }

  /** As `request`. Long lists are read in slices, and other requests run between two slices. */
  async requestInTurns(plan: RoutePlan, parts: HttpParts, defer: Defer = systemDefer): Promise<Message> {
    const found = new Found(plan.route.confidential);
    found.later = [];
    const draft = this.#draft(plan, parts, found);
    await inTurns(lateEntries(found.later), defer);
    return accepted(plan, draft, found);
  }

  #draft(plan: RoutePlan, { params, query, body, idempotencyKey }: HttpParts, found: Found): Draft {
    const { route, rpc } = plan;
    const draft = this.#reader.empty(rpc.request);
    for (const path of route.hoist ?? []) if (path !== "filter") this.#hoisted(draft, plan, path);
    for (const param of plan.params) {
      const value = valueIn(param.field, [params[param.name] ?? ""], this.#place(param.name, found));
      this.#set(draft, param, value, param.name, found);
    }
    this.#readBody(draft, plan, body, found);
    this.#readQuery(draft, plan, query, found);
    for (const [field, value] of Object.entries(route.defaults ?? {}))
      if (draft[field] === "") draft[field] = value;
    if (plan.key !== undefined && idempotencyKey !== "")
      this.#set(draft, plan.key, idempotencyKey, "Idempotency-Key", found);
    return draft;
  }

  /**
   * Returns the response for a reply of the contract. Undefined if the only field of the reply is absent.
   *
   * @param isHeavy makes long lists while `writeInTurns` writes them. Such a list is not an array
   */
  reply(
    { reply: { type, only } }: Pick<RoutePlan, "reply">,
    message: Message,
    isHeavy = false,
  ): Json | undefined {
    const writer = isHeavy ? this.#lateWriter : this.#writer;
    if (only === undefined) return writer.message(type, message);
    const value = message[only.name];
    return value === undefined ? undefined : writer.message(only.of ?? "", value as Message);
  }

  /** Returns whether a message has a field. */
  has(type: string, field: string): boolean {
    return messageOf(this.#schema, type).fields.some(({ name }) => name === field);
  }

  /** Returns any message that routes use, as JSON. */
  message(type: string, message: Message): Json {
    return this.#writer.message(type, message);
  }

  /** Parses any message that routes use. */
  read(type: string, json: unknown): Message {
    const found = new Found();
    const message = this.#reader.message(type, json, "", found);
    if (found.wrong.length > 0) {
      const problems = found.wrong.map(({ field, message: problem }) => `${field}: ${problem}`).join("; ");
      throw restErrors.requestInvalid({ route: type, problems }, { violations: found.wrong });
    }
    return message;
  }

  /**
   * Returns the name in the request of a field of the contract, as a service names it: `spec.timeout_ms` is
   * `timeoutMs`.
   */
  nameOf(plan: RoutePlan, field: string): string {
    const steps = field.split(/(?=\[)|\./).filter((step) => step !== "");
    const named: string[] = [];
    let type: string | undefined = plan.rpc.request;
    let path = "";
    let start = "";
    for (const step of steps) {
      if (step.startsWith("[")) {
        named[Math.max(0, named.length - 1)] = `${named.at(-1) ?? start}${step}`;
        continue;
      }
      const table = this.#fieldOf(type, step);
      // JSON has no name for a oneof: its choices are fields next to each other.
      if (table === undefined && this.#isOneof(type, step)) break;
      path = path === "" ? (table?.name ?? step) : `${path}.${table?.name ?? step}`;
      const planned = plannedAt(plan, path);
      if (planned !== undefined) named.length = 0;
      named.push(planned ?? table?.json ?? step);
      if (plan.route.hoist?.includes(path) || isBody(plan, path)) {
        named.length = 0;
        start = "";
      }
      type = table?.of;
      // In JSON a payload is its value: `input.inline` is `input`.
      if (table?.kind === "payload" && /^(inline|blob|media_type)$/.test(steps.at(-1) ?? "")) break;
    }
    return named.join(".");
  }

  #fieldOf(type: string | undefined, step: string): FieldTable | undefined {
    return this.#fieldsOf(type).find(({ name }) => name === camelCase(step));
  }

  #isOneof(type: string | undefined, step: string): boolean {
    return this.#fieldsOf(type).some(({ oneof }) => oneof === camelCase(step));
  }

  #fieldsOf(type: string | undefined): readonly FieldTable[] {
    return type === undefined ? [] : (this.#schema.messages[type]?.fields ?? []);
  }

  #place(at: string, found: Found) {
    return { reader: this.#reader, at, found };
  }

  #hoisted(draft: Draft, plan: RoutePlan, path: string): void {
    const field = messageOf(this.#schema, plan.rpc.request).fields.find(({ name }) => name === path);
    if (field !== undefined) this.#inner(draft, field);
  }

  #readQuery(draft: Draft, plan: RoutePlan, query: URLSearchParams, found: Found): void {
    for (const name of new Set(query.keys())) {
      if (found.isFull) return;
      const parameter = plan.query.find((planned) => planned.name === name);
      if (parameter === undefined) {
        const known = plan.query.map((planned) => planned.name);
        found.add(name, unknownName("parameter", name, known));
        continue;
      }
      this.#set(
        draft,
        parameter,
        valueIn(parameter.field, query.getAll(name), this.#place(name, found)),
        name,
        found,
      );
    }
  }

  #readBody(draft: Draft, plan: RoutePlan, body: unknown, found: Found): void {
    if (plan.body === undefined) {
      if (body !== undefined && !(isObject(body) && Object.keys(body).length === 0))
        found.expected("", "no body", body);
      return;
    }
    if (plan.body.is === "field") {
      if (body === undefined) return;
      const { field: planned } = plan.body;
      const read = this.#reader.value(planned.field, body, "", found);
      this.#replace(draft, planned, read);
      this.#merge(draft, plan, body);
      return;
    }
    if (body === undefined) return;
    if (!isObject(body)) {
      found.expected("", "an object as body", body);
      return;
    }
    for (const [key, value] of Object.entries(body)) {
      if (found.isFull) return;
      this.#readMember(draft, plan, plan.body.fields, { key, value, body }, found);
    }
  }

  #readMember(
    draft: Draft,
    plan: RoutePlan,
    planned: readonly PlannedField[],
    { key, value, body }: { readonly key: string; readonly value: unknown; readonly body: object },
    found: Found,
  ): void {
    const match = planned.find(({ name }) => name === key);
    if (match !== undefined) {
      this.#set(draft, match, this.#reader.value(match.field, value, key, found), key, found);
      return;
    }
    const fields = planned.map(({ field }) => field);
    const values = this.#hoistedTypes(plan)
      .map((type) => this.#reader.expandAlias({ type, key, fields }, value, key, found))
      .find((each) => each !== undefined);
    if (values === undefined) {
      found.add(
        key,
        unknownName(
          "field",
          key,
          planned.map(({ name }) => name),
        ),
      );
      return;
    }
    for (const [name, each] of Object.entries(values)) {
      const match = planned.find(({ field }) => field.json === name);
      if (Object.hasOwn(body, name)) found.add(key, `expected only one of it and ${name}, got both`);
      else if (match !== undefined)
        this.#set(draft, match, this.#reader.value(match.field, each, key, found), key, found);
    }
  }

  /** Returns the messages whose fields a body has: the message of the request, and the hoisted ones. */
  #hoistedTypes({ route, rpc }: RoutePlan): readonly string[] {
    const { fields } = messageOf(this.#schema, rpc.request);
    const inner = fields.filter(({ name }) => route.hoist?.includes(name) === true).map(({ of = "" }) => of);
    return [...inner, rpc.request];
  }

  /** Sets the changed fields of an object, and the revision that the caller read, from the body. */
  #merge(draft: Draft, { route: { merge }, rpc }: RoutePlan, body: unknown): void {
    if (merge === undefined || !isObject(body)) return;
    const update = messageOf(this.#schema, rpc.request).fields.find(({ name }) =>
      merge.mask.startsWith(`${name}.`),
    );
    if (update === undefined) return;
    const { revision, ...changed } = body;
    draft[update.name] = {
      ...this.#reader.empty(update.of ?? ""),
      [lastOf(merge.mask)]: Object.keys(changed),
      [lastOf(merge.revision)]: typeof revision === "string" ? revision : "",
    };
  }

  /** Sets the field that is the whole body: fields from the path stay. */
  #replace(draft: Draft, { path, field }: PlannedField, value: unknown): void {
    if (value === undefined) return;
    const before = draft[field.name];
    if (path.length > 1) throw new Error(`expected a field of the request, got ${pathOf({ path })}`);
    draft[field.name] = isObject(before) && isObject(value) ? { ...value, ...setFieldsOf(before) } : value;
  }

  #set(draft: Draft, { path }: PlannedField, value: unknown, at: string, found: Found): void {
    if (value === undefined) return;
    let holder = draft;
    for (const field of path.slice(0, -1)) holder = this.#inner(holder, field);
    const last = path.at(-1);
    if (last !== undefined) this.#reader.setField(holder, last, value, at, found);
  }

  /** Returns the message in a field. Creates it if it does not exist. */
  #inner(holder: Draft, { name, oneof, of = "" }: FieldTable): Draft {
    if (oneof === undefined) {
      holder[name] ??= this.#reader.empty(of);
      return holder[name] as Draft;
    }
    const choice = holder[oneof] as { $case: string; value: Draft } | undefined;
    if (choice?.$case === name) return choice.value;
    const message = this.#reader.empty(of);
    holder[oneof] = { $case: name, value: message };
    return message;
  }
}

function accepted({ route }: RoutePlan, draft: Draft, { wrong }: Found): Message {
  if (wrong.length > 0) throw refusal(route, wrong);
  return draft;
}

/** Reading an entry may find more long lists. */
function* lateEntries(later: readonly (() => void)[]): Generator<void, void> {
  for (const read of later) {
    yield;
    read();
  }
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

/** Returns the set fields of a message: those that are not empty. */
function setFieldsOf(draft: Message): Draft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== "" && value !== undefined && !isEmpty(value)),
  );
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === 0 || value === false;
}

function plannedAt({ params, query, body }: RoutePlan, path: string): string | undefined {
  const fields = body?.is === "fields" ? body.fields : [];
  return [...params, ...query, ...fields].find((planned) => pathOf(planned) === path)?.name;
}

function isBody({ body }: RoutePlan, path: string): boolean {
  return body?.is === "field" && pathOf(body.field) === path;
}

export function refusal({ method, path }: Route, violations: readonly Wrong[]) {
  const problems = violations
    .map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
    .join("; ");
  return restErrors.requestInvalid({ route: `${method} ${path}`, problems }, { violations });
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
