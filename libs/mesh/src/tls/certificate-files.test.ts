import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { meshErrors } from "../errors.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { createDevelopmentCertificates } from "./development-ca.ts";

describe("certificate files", () => {
  let directory: string;
  const logger = recordingLogger();
  const paths = () => ({
    ca: join(directory, "ca.crt"),
    cert: join(directory, "notes.crt"),
    key: join(directory, "notes.key"),
  });
  const createCertificates = (rotate = false) =>
    createDevelopmentCertificates({ directory, services: ["notes", "other"], rotate });
  const open = () =>
    CertificateFiles.open({ paths: paths(), refreshMs: 10_000, timers: new VirtualTime(), logger });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-files-"));
    logger.clear();
    await createCertificates();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("that were replaced are reported to listeners", async () => {
    const files = await open();
    const certificates: Buffer[] = [];
    const first = new Promise<void>((resolve) =>
      files.addIdentityCertificateListener((update) => {
        if (update !== null) certificates.push(update.certificate);
        resolve();
      }),
    );
    await first;
    assert.equal(await files.refresh(), false);
    await createCertificates(true);
    assert.equal(await files.refresh(), true);
    assert.equal(certificates.length, 2);
    assert.notDeepEqual(certificates[0], certificates[1]);
    logger.line("certificates replaced, new connections use them");
    files.stop();
  });

  it("that do not match are ignored until they do, with one warning", async () => {
    const files = await open();
    await copyFile(join(directory, "other.key"), paths().key);
    assert.equal(await files.refresh(), false);
    assert.equal(files.problem, "", "it may be the midst of a replacement");
    assert.equal(logger.messages("warn").length, 0);
    assert.equal(await files.refresh(), false);
    assert.match(files.problem, /the key is not that of the certificate/);
    assert.equal(await files.refresh(), false);
    assert.equal(logger.messages("warn").length, 1);
    await copyFile(join(directory, "other.crt"), paths().cert);
    assert.equal(await files.refresh(), true);
    assert.equal(files.problem, "");
    files.stop();
  });

  it("that are missing or no certificates are refused with their names", async () => {
    await writeFile(paths().cert, "not a certificate");
    await assert.rejects(open(), (error: unknown) => {
      assert.ok(meshErrors.badCertificates.is(error));
      assert.match(error.message, /notes\.crt and .*notes\.key/);
      return true;
    });
    await rm(paths().ca);
    await assert.rejects(open(), /ENOENT/);
  });
});
