import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createDevelopmentCertificates } from "./development-ca.ts";

describe("the development authority", () => {
  let directory: string;
  const certificateOf = async (path: string) => new X509Certificate(await readFile(path));

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-ca-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("certifies services for this machine and by their name", async () => {
    const created = await createDevelopmentCertificates({
      directory,
      services: ["registry"],
      hosts: ["dev.local", "10.1.2.3"],
    });
    const { registry } = created.services;
    assert.ok(registry?.isNew);
    const authority = await certificateOf(created.ca);
    const leaf = await certificateOf(registry.cert);
    assert.equal(authority.ca, true);
    assert.equal(leaf.ca, false);
    assert.ok(leaf.verify(authority.publicKey) && leaf.checkIssued(authority));
    assert.ok(authority.verify(authority.publicKey));
    assert.ok(leaf.checkPrivateKey(createPrivateKey(await readFile(registry.key))));
    for (const host of ["localhost", "dev.local"]) assert.ok(leaf.checkHost(host), host);
    for (const address of ["127.0.0.1", "10.1.2.3"]) assert.ok(leaf.checkIP(address), address);
    assert.match(leaf.subjectAltName ?? "", /URI:spiffe:\/\/tutti\/service\/registry/);
    assert.ok(leaf.validFromDate.getTime() < Date.parse(leaf.validTo));
  });

  it("creates key files that other users cannot read", async () => {
    for (const file of ["ca.key", "registry.key"]) {
      assert.equal((await stat(join(directory, file))).mode & 0o077, 0, file);
    }
  });

  it("keeps existing certificates, adds a missing one, and renews with the same authority on request", async () => {
    const serialOf = async (service: string) =>
      (await certificateOf(join(directory, `${service}.crt`))).serialNumber;
    const authority = await readFile(join(directory, "ca.crt"));
    const first = await serialOf("registry");
    const more = await createDevelopmentCertificates({ directory, services: ["registry", "swarm"] });
    assert.deepEqual([more.services["registry"]?.isNew, more.services["swarm"]?.isNew], [false, true]);
    assert.equal(await serialOf("registry"), first);
    await createDevelopmentCertificates({ directory, services: ["registry"], rotate: true });
    assert.notEqual(await serialOf("registry"), first);
    assert.deepEqual(await readFile(join(directory, "ca.crt")), authority);
  });

  it("is replaced in steps, each compatible with the step before and the step after", async () => {
    const into = join(directory, "next");
    const step = async (nextAuthority: boolean) => {
      const created = await createDevelopmentCertificates({
        directory: into,
        services: ["swarm"],
        nextAuthority,
      });
      const trusted = (await readFile(created.ca, "utf8"))
        .split(/(?<=END CERTIFICATE-----\n)/)
        .filter(Boolean);
      const leaf = await certificateOf(created.services["swarm"]?.cert ?? "");
      return { stage: created.authority, trusted: trusted.map((pem) => new X509Certificate(pem)), leaf };
    };
    const isTrustedBy = (leaf: X509Certificate, trusted: readonly X509Certificate[]) =>
      trusted.some((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));

    const steps = [await step(false), await step(true), await step(true), await step(true)];

    assert.deepEqual(
      steps.map(({ stage, trusted }) => [stage, trusted.length]),
      [
        ["settled", 1],
        ["next_is_trusted", 2],
        ["next_signs", 2],
        ["settled", 1],
      ],
    );
    for (const [at, { trusted }] of steps.entries())
      for (const other of [at - 1, at, at + 1]) {
        const leaf = steps[other]?.leaf;
        if (leaf !== undefined) assert.ok(isTrustedBy(leaf, trusted), `${other} at ${at}`);
      }
    const [first, , , last] = steps;
    assert.ok(first && last && !isTrustedBy(first.leaf, last.trusted));
    const { services } = await createDevelopmentCertificates({ directory: into, services: ["late"] });
    assert.ok(
      services["late"]?.isNew && isTrustedBy(await certificateOf(join(into, "late.crt")), last.trusted),
    );
  });

  it("also re-signs the certificates of other services, which would lose trust", async () => {
    const into = join(directory, "all");
    await createDevelopmentCertificates({ directory: into, services: ["swarm", "notes"] });
    const before = await readFile(join(into, "notes.crt"));
    for (let steps = 0; steps < 2; steps++)
      await createDevelopmentCertificates({ directory: into, services: ["swarm"], nextAuthority: true });
    assert.notDeepEqual(await readFile(join(into, "notes.crt")), before);
  });

  it("writes dates beyond 2049 in the form that they need", async () => {
    const { services } = await createDevelopmentCertificates({
      directory,
      services: ["late"],
      validDays: 12_000,
    });
    const leaf = await certificateOf(services["late"]?.cert ?? "");
    assert.ok(leaf.validToDate.getUTCFullYear() > 2_050);
  });
});
