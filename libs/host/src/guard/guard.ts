/**
 * Authenticates and authorizes callers, with all data that a process needs for its own decisions.
 *
 * 1. A caller with a key or token has exactly that identity, wherever the call comes from.
 * 2. An identity without a credential is accepted only from a service of this installation: one of this process, one
 *    with a service's certificate, or one with the service key. On a loopback address it is accepted from every caller:
 *    there a caller without a credential is the administrator of this machine, and can only reduce its rights.
 * 3. On any other address every caller needs a credential.
 * 4. A credential counts while it is valid: a caller that continues with an ended key is refused.
 */
import { timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import {
  admissionService,
  auditService,
  type Bundle,
  identityService,
  policyService,
} from "@tutti/contracts/governance/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import {
  type CallContext,
  type Component,
  type CredentialClaims,
  type Foundation,
  type Health,
  isTuttiError,
  type Labels,
  localAdministrator,
  type Principal,
  type TuttiError,
} from "@tutti/kernel";
import {
  type Authorizer,
  type CallLimiter,
  type Decision,
  deniedError,
  type Identity,
  type Incoming,
  type Mesh,
  type Rule,
  type RuleChanges,
} from "@tutti/mesh";
import { type NamedAction, type SignInRules, systemNamespace, type TrustedKeys } from "@tutti/policy";
import { Admitting } from "../admission/admission.ts";
import { FindingReports } from "../admission/findings.ts";
import { causeOf } from "../runtime/cause.ts";
import { AgentNames } from "./agent-names.ts";
import { type MissingRights, ofItsOwn } from "./authorizer.ts";
import { BundleFeed } from "./bundle-feed.ts";
import { CredentialExpiry } from "./credential-expiry.ts";
import { CredentialUses } from "./credential-uses.ts";
import { Credentials, type VerifiedCredential } from "./credentials.ts";
import { type Admitted, EdgeLimits } from "./edge-limits.ts";
import { accessErrors } from "./errors.ts";
import type { IssuerSite } from "./issuer-site.ts";
import { issuerSites, issuersIn } from "./issuers.ts";
import { type EdgeAction, type Recorded, type Refusal, type ReportSink, Reports, sinkAt } from "./reports.ts";
import { noLabels, ResourceLabels } from "./resource-labels.ts";
import { Rules, type RulesInForce } from "./rules.ts";
import type { AccessSettings } from "./settings.ts";
import { actorKinds, isVisitor, type Visitor } from "./visitor.ts";

export interface GuardParts {
  readonly settings: AccessSettings;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger">;
  readonly mesh: () => Mesh;
  /** Whether the gRPC port is reachable only from this machine. */
  readonly isLoopback: boolean;
  /** Returns the trusted signers of bundles. Undefined while they are unknown. */
  readonly trust: () => TrustedKeys | undefined;
  /** Directory of the last bundle. Undefined if none is kept. */
  readonly dataDirectory: string | undefined;
  readonly processId: string;
  readonly newId: () => string;
  /** The shared key of services. Empty if they have certificates, or are one process. */
  readonly serviceKey: string;
}

const marks = 32;
export class Guard implements Component, Identity, Authorizer, CallLimiter, RuleChanges {
  readonly #parts: GuardParts;
  readonly #credentials: Credentials;
  readonly #sites: ReadonlyMap<string, IssuerSite>;
  readonly #limits: EdgeLimits;
  readonly #reports: Reports;
  readonly #serviceKey: Buffer | undefined;
  readonly #uses: CredentialUses;
  readonly #feed: BundleFeed;
  readonly #sink: () => ReportSink;
  readonly #listeners: (() => void)[] = [];
  readonly #expiry: CredentialExpiry;
  readonly #findings: FindingReports;
  readonly #agentNames = new AgentNames();
  /** The decisions of admission rules. */
  readonly admission: Admitting;
  /** Services register the labels of their objects here. */
  readonly labels: ResourceLabels;
  #rules: Rules | undefined;

  constructor(parts: GuardParts) {
    const { settings, foundation, serviceKey, mesh, dataDirectory } = parts;
    if (serviceKey !== "" && serviceKey.length < marks)
      throw accessErrors.serviceKeyShort({ found: serviceKey.length });
    this.#parts = parts;
    this.#serviceKey = serviceKey === "" ? undefined : Buffer.from(serviceKey);
    this.#sites = issuerSites(settings, foundation.clock);
    const others = issuersIn(settings, foundation.clock, foundation.logger, this.#sites);
    this.#credentials = new Credentials(
      settings,
      foundation.chance.fill(new Uint8Array(marks)),
      others,
      (lockouts) => this.#uses.lockedOut(lockouts),
    );
    this.#limits = new EdgeLimits({
      settings,
      clock: foundation.clock,
      refused: (error, principal, credential) => this.#reportRefused(error, principal, credential),
    });
    this.#reports = new Reports({
      foundation,
      instance: parts.processId,
      newId: parts.newId,
      everyMs: settings.reportMs,
      sink: {
        decisions: (...args) => this.#sink().decisions(...args),
        refusals: (...args) => this.#sink().refusals(...args),
      },
      bundle: () => this.#rules?.number ?? 0,
    });
    const { clock, timers } = foundation;
    this.labels = new ResourceLabels(timers);
    this.#expiry = new CredentialExpiry({ clock, timers, ended: () => this.#notifyListeners() });
    this.#findings = new FindingReports({
      foundation,
      everyMs: settings.reportMs,
      admission: () => mesh().client(admissionService),
    });
    this.admission = new Admitting({
      clock: foundation.clock,
      findings: this.#findings,
      definitions: () => mesh().client(definitionService),
      runs: () => mesh().client(runService),
      tasks: () => mesh().client(taskService),
      refused: (error, actor, namespace, action) =>
        this.#reports.refused({ error, actor, namespace, action, address: "" }),
    });
    this.#uses = new CredentialUses({
      foundation,
      everyMs: settings.reportMs,
      record: async (namespace, report, signal) => {
        const options = { timeoutMs: recordMs, signal };
        await mesh()
          .client(identityService)
          .recordUses({ namespace, ...report }, options);
        this.#credentials.recorded(report.lockouts, foundation.clock.now());
      },
    });
    this.#feed = new BundleFeed({
      foundation,
      policies: () => mesh().client(policyService),
      file: dataDirectory === undefined ? undefined : join(dataDirectory, "access", "bundle"),
      known: () => this.#rules?.number ?? 0,
      accept: (bundle) => this.#accept(bundle),
    });
    this.#sink = () => sinkAt({ policies: mesh().client(policyService), audit: mesh().client(auditService) });
  }

  /** Starts to follow bundles. Does not wait for the first. */
  async start(): Promise<void> {
    const { settings, dataDirectory } = this.#parts;
    // A process without storage and without trusted signers could trust no bundle.
    if (settings.trustedKey === "" && dataDirectory === undefined) return;
    await this.#feed.start();
  }

  async stop(): Promise<void> {
    this.#expiry.stop();
    await this.#feed.stop();
    await Promise.all([this.#reports.stop(), this.#findings.stop(), this.#uses.stop()]);
  }

  health(): Health {
    return this.#feed.health();
  }

  identify(incoming: Incoming): Principal | Promise<Principal> {
    const { transport, presented, credential, peer, address } = incoming;
    if (transport === "in-process") return presented ?? localAdministrator;
    if (credential !== "") {
      if (this.#isServiceKey(credential)) return presented ?? ofAService("service");
      return this.identifyBy(credential, address?.() ?? "");
    }
    const service = serviceIn(peer?.());
    if (service !== undefined) return presented ?? ofAService(service);
    if (this.#parts.isLoopback) return presented ?? localAdministrator;
    const error = accessErrors.credentialNeeded();
    this.#reportUnidentified(error, address?.() ?? "");
    throw error;
  }

  /** Returns the principal of a key or token. Rejects if it is invalid. */
  async identifyBy(credential: string, from: string): Promise<Principal> {
    const found = await this.#authenticate(from, (nowMs) =>
      this.#credentials.verify(credential, from, nowMs),
    );
    const { principal, untilMs } = found;
    this.#expiry.track(principal, untilMs);
    return principal;
  }

  /** Returns the identity of a browser's sign-in by a key or token. Rejects if it is invalid. */
  signInBy(credential: string, from: string): Promise<VerifiedCredential> {
    return this.#authenticate(from, (nowMs) => this.#credentials.signInBy(credential, from, nowMs));
  }

  /** Returns the site of an issuer whose tokens are accepted. Undefined for any other. */
  issuerSite(issuer: string): IssuerSite | undefined {
    return this.#sites.get(issuer);
  }

  /** Returns the user that has signed in at another issuer. Rejects if its ID token is invalid. */
  signInByIssuer(idToken: string, rules: SignInRules, from: string): Promise<VerifiedCredential> {
    return this.#authenticate(from, (nowMs) => this.#credentials.signInByIssuer(idToken, rules, nowMs));
  }

  /** Throws if an attempt on a secret chosen by a person must wait, because `account` is locked out for the address. */
  pace(from: string, account: string): void {
    try {
      this.#credentials.pace(from, account, this.#parts.foundation.clock.now());
    } catch (error) {
      if (isTuttiError(error)) this.#reportUnidentified(error, from);
      throw error;
    }
  }

  /**
   * Records a failed attempt on a secret that is in no bundle: a link, the key of a port. Returns the error to answer
   * with.
   */
  recordFailure(from: string, account: string, error: TuttiError): TuttiError {
    const answer =
      this.#credentials.recordFailure(from, account, this.#parts.foundation.clock.now()) ?? error;
    this.#reportUnidentified(answer, from);
    return answer;
  }

  /** A caller continues with its sign-in. Throws if it is no longer valid. */
  resumeSignIn(before: Pick<VerifiedCredential, "principal" | "kind">, from: string): void {
    const nowMs = this.#parts.foundation.clock.now();
    this.#requireRules(nowMs);
    this.#credentials.requireValid(before, nowMs);
    this.#uses.used(before.principal.credential, from, nowMs);
  }

  /**
   * Returns the actions that an identity may not do in a namespace for any resource. Principals of the installation may
   * do everything.
   */
  missingRights(principal: Principal, namespace: string, named: readonly NamedAction[]): MissingRights {
    if (!isVisitor(principal)) return { roles: principal.roles, lacks: [], givers: [] };
    const nowMs = this.#parts.foundation.clock.now();
    return this.#requireRules(nowMs).authorizer.missing(principal, namespace, named, nowMs);
  }

  /** Returns the roles of a caller in a namespace. */
  rolesOf(principal: Principal, namespace: string): readonly string[] {
    if (!isVisitor(principal)) return principal.roles;
    const nowMs = this.#parts.foundation.clock.now();
    return this.#requireRules(nowMs).authorizer.rolesOf(principal, namespace, nowMs);
  }

  async #authenticate<Found extends { readonly principal: Visitor }>(
    from: string,
    find: (nowMs: number) => Promise<Found>,
  ): Promise<Found> {
    const nowMs = this.#parts.foundation.clock.now();
    this.#requireRules(nowMs);
    try {
      const found = await find(nowMs);
      this.#uses.used(found.principal.credential, from, nowMs);
      return found;
    } catch (error) {
      if (isTuttiError(error)) this.#reportUnidentified(error, from);
      throw error;
    }
  }

  /** Synchronous if the call names no object, or the object's labels cannot matter. */
  authorize(principal: Principal, rule: Rule & { readonly within: undefined }, namespace: string): Decision;
  authorize(principal: Principal, rule: Rule, namespace: string): Decision | Promise<Decision>;
  authorize(principal: Principal, rule: Rule, namespace: string): Decision | Promise<Decision> {
    if (!isVisitor(principal)) return ofItsOwn(principal);
    const { authorizer } = this.#requireRules(this.#parts.foundation.clock.now());
    const labels = authorizer.needsLabels(principal) ? this.labels.of(rule, namespace) : undefined;
    return labels === undefined
      ? this.#decide(principal, rule, namespace, noLabels)
      : labels.then((found) => this.#decide(principal, rule, namespace, found));
  }

  #decide(principal: Visitor, rule: Rule, namespace: string, labels: Labels): Decision {
    const nowMs = this.#parts.foundation.clock.now();
    const { authorizer } = this.#requireRules(nowMs);
    this.#requireOngoing(principal, nowMs);
    const authorization = authorizer.authorize(principal, rule, namespace, nowMs, labels);
    this.#reports.decided(authorization);
    const { decision } = authorization;
    if (!decision.allowed) {
      const error = deniedError(principal, rule, namespace, decision);
      const actor = Cause.fromPartial({ actor: { kind: actorKinds[principal.kind], id: principal.id } });
      this.#reports.refused({ error, actor, namespace, action: rule.action, address: "" });
    }
    return decision;
  }

  startCall(...call: Parameters<CallLimiter["startCall"]>): (() => void) | undefined {
    return this.#limits.startCall(...call);
  }

  requireSize(...call: Parameters<EdgeLimits["requireSize"]>): void {
    this.#limits.requireSize(...call);
  }

  /** Checks the size of a request at the edge. Throws if it is too large. */
  admitBytes(principal: Principal, bytes: number): void {
    this.#limits.admitBytes(principal, bytes);
  }

  /** Counts a call at the edge. Throws if the limit is exceeded. */
  admit(principal: Principal, isStream: boolean): Admitted {
    return this.#limits.admit(principal, isStream);
  }

  /** Records that a service denied a request of an admitted caller, like a refusal at an edge. */
  refusedInside(
    error: TuttiError,
    context: Pick<CallContext, "principal" | "trace" | "namespace">,
    action: string,
  ): void {
    const { namespace } = context;
    this.#reports.refused({ error, actor: causeOf(context), namespace, action, address: "" });
  }

  /**
   * Records an action at the edge that no service records. Resolves with whether the audit has it. @see Reports.done
   */
  doneAtEdge(done: EdgeAction, isYetToBeDone = false): Promise<Recorded> {
    return this.#reports.done(done, isYetToBeDone);
  }

  /** Returns whether an id belongs to another agent than the caller. Principals of the installation may act for all. */
  isNameOfAnother(principal: Principal, namespace: string, agentId: string): boolean {
    return isVisitor(principal) && this.#agentNames.isOfAnother(principal, namespace, agentId);
  }

  /** Records a refusal without a call, or of a caller unknown to this process. */
  refusedOf(refusal: Refusal): void {
    this.#reports.refused(refusal);
  }

  /** Calls back after each accepted bundle, and when the key or token of an admitted caller has expired. */
  onRulesChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Throws if the credential has ended or was revoked. */
  requireOngoing(principal: Principal): void {
    if (isVisitor(principal)) this.#requireOngoing(principal, this.#parts.foundation.clock.now());
  }

  #requireOngoing(caller: Visitor, nowMs: number): void {
    this.#credentials.requireOngoing(caller.credential.id, nowMs);
    if (this.#expiry.hasExpired(caller, nowMs))
      throw accessErrors.credentialRefused({ reason: "it has ended" });
  }

  #notifyListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  async #accept(bundle: Bundle): Promise<string> {
    this.#rules ??= this.#trusting();
    if (this.#rules === undefined) return "no key is trusted to sign bundles: set access.trustedKey";
    const content = await this.#rules.accept(bundle, this.#parts.foundation.clock.now());
    if (content === undefined) return this.#rules.refused;
    this.#credentials.renew(content);
    this.#limits.renew(content.limits);
    this.#agentNames.renew(content);
    this.admission.renew(content.rules);
    this.#notifyListeners();
    return "";
  }

  #trusting(): Rules | undefined {
    const keys = this.#parts.trust();
    return keys && new Rules(keys);
  }

  #isServiceKey(credential: string): boolean {
    const expected = this.#serviceKey;
    const presented = Buffer.from(credential);
    return (
      expected !== undefined && presented.length === expected.length && timingSafeEqual(presented, expected)
    );
  }

  #requireRules(nowMs: number): RulesInForce {
    const rules = this.#rules?.inForce(nowMs);
    if (rules === undefined) throw this.#rulesUnknown(nowMs);
    return rules;
  }

  #rulesUnknown(nowMs: number): Error {
    const refused = this.#rules?.refused ?? "";
    const missing = refused === "" ? "none yet" : `none that is good: ${refused}`;
    const found = this.#rules?.isStale(nowMs) ? "one that is too old" : missing;
    return accessErrors.rulesUnknown({ found }, { retryAfterMs: shortWaitMs });
  }

  #reportRefused(error: TuttiError, { kind, id }: Principal, credential: CredentialClaims): void {
    const actor = Cause.fromPartial({ actor: { kind: actorKinds[kind], id } });
    const namespace = credential.namespace || systemNamespace;
    this.#reports.refused({ error, actor, namespace, action: "access", address: "" });
  }

  #reportUnidentified(error: Parameters<Reports["refused"]>[0]["error"], address: string): void {
    this.#reports.refused({ error, actor: undefined, namespace: systemNamespace, action: "access", address });
  }
}

const shortWaitMs = 1_000;
const recordMs = 10_000;
const services = "spiffe://tutti/service/";

function serviceIn(peer: string | undefined): string | undefined {
  return peer?.startsWith(services) ? peer.slice(services.length) : undefined;
}

/** Returns a service as principal, for its own calls. */
function ofAService(id: string): Principal {
  return { kind: "service", id, roles: ["admin"] };
}
