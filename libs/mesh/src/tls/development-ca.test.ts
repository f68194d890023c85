import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeDevelopmentCertificates } from "./development-ca.ts";

describe("the development authority", () => {
  let directory: string;
  const certificateOf = async (path: string) => new X509Certificate(await readFile(path));

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-ca-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("certifies services for this machine and by their name", async () => {
    const made = await makeDevelopmentCertificates({
      directory,
      services: ["registry"],
      hosts: ["dev.local", "10.1.2.3"],
    });
    const { registry } = made.services;
    assert.ok(registry?.isNew);
    const authority = await certificateOf(made.ca);
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

  it("lets no other process read the keys", async () => {
    for (const file of ["ca.key", "registry.key"]) {
      assert.equal((await stat(join(directory, file))).mode & 0o077, 0, file);
    }
  });

  it("keeps the certificates that it has, adds the missing one, and renews by the same authority when told", async () => {
    const serialOf = async (service: string) =>
      (await certificateOf(join(directory, `${service}.crt`))).serialNumber;
    const authority = await readFile(join(directory, "ca.crt"));
    const first = await serialOf("registry");
    const more = await makeDevelopmentCertificates({ directory, services: ["registry", "swarm"] });
    assert.deepEqual([more.services["registry"]?.isNew, more.services["swarm"]?.isNew], [false, true]);
    assert.equal(await serialOf("registry"), first);
    await makeDevelopmentCertificates({ directory, services: ["registry"], rotate: true });
    assert.notEqual(await serialOf("registry"), first);
    assert.deepEqual(await readFile(join(directory, "ca.crt")), authority);
  });

  it("gives way to the next in steps, of which each fits the one before and the one after", async () => {
    const into = join(directory, "next");
    const step = async (nextAuthority: boolean) => {
      const made = await makeDevelopmentCertificates({ directory: into, services: ["swarm"], nextAuthority });
      const trusted = (await readFile(made.ca, "utf8")).split(/(?<=END CERTIFICATE-----\n)/).filter(Boolean);
      const leaf = await certificateOf(made.services["swarm"]?.cert ?? "");
      return { stage: made.authority, trusted: trusted.map((pem) => new X509Certificate(pem)), leaf };
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
    const { services } = await makeDevelopmentCertificates({ directory: into, services: ["late"] });
    assert.ok(
      services["late"]?.isNew && isTrustedBy(await certificateOf(join(into, "late.crt")), last.trusted),
    );
  });

  it("signs the others again too, since they would be trusted no more", async () => {
    const into = join(directory, "all");
    await makeDevelopmentCertificates({ directory: into, services: ["swarm", "notes"] });
    const before = await readFile(join(into, "notes.crt"));
    for (let steps = 0; steps < 2; steps++)
      await makeDevelopmentCertificates({ directory: into, services: ["swarm"], nextAuthority: true });
    assert.notDeepEqual(await readFile(join(into, "notes.crt")), before);
  });

  it("writes dates beyond 2049 in the form that they need", async () => {
    const { services } = await makeDevelopmentCertificates({
      directory,
      services: ["late"],
      validDays: 12_000,
    });
    const leaf = await certificateOf(services["late"]?.cert ?? "");
    assert.ok(leaf.validToDate.getUTCFullYear() > 2_050);
  });
});
