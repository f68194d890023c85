/** Verifies an export of the audit log on this machine. */

import { AuditFaultKind } from "@tutti/contracts/governance/v1";
import { type ExportVerdict, ExportVerifier } from "@tutti/policy/audit";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { unreadable } from "../../server/address.ts";
import { safe } from "../../terminal/text.ts";

const keyBytes = 32;

export async function verifyAudit(context: Context): Promise<Result> {
  const { values, shell } = context;
  const file = values.argument("FILE");
  const verifier = new ExportVerifier(await keyIn(context));
  try {
    for await (const bytes of shell.readBytes(file)) verifier.bytes(bytes);
  } catch (error) {
    throw unreadable(file, error);
  }
  const verdict = verifier.finish();
  return {
    json: jsonOf(file, verdict),
    draw: () => {
      printVerification(context, file, verdict);
    },
    exitCode: verdict.faults.length === 0 ? exitCodes.completed : exitCodes.failed,
  };
}

/** Returns the key, from the option or from the file that it names. */
async function keyIn({ values, shell }: Context): Promise<Uint8Array> {
  const keyOption = values.text("public-key");
  const advice = [
    ["tutti audit keys -q > audit.key", "exports the key from a trusted installation"],
  ] as const;
  if (keyOption === undefined)
    throw usageFailure("--public-key is required: the public key of the installation.", advice);
  const text = shell.exists(keyOption) ? (await textOf(keyOption, shell)).trim() : keyOption;
  const key = Buffer.from(text, "base64");
  if (key.length === keyBytes) return key;
  throw usageFailure(`--public-key: expected ${keyBytes} bytes in base64, got ${key.length} bytes`, advice);
}

async function textOf(file: string, shell: Context["shell"]): Promise<string> {
  try {
    return await shell.readText(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function printVerification(
  { print }: Context,
  file: string,
  { records, checkpoints, faults, moreFaults }: ExportVerdict,
): void {
  const { style } = print;
  // With `--quiet`, only the verdict is printed.
  if (print.hasNotes)
    print.lines(
      faults.map(({ recordId, kind, message }) => {
        const prefix = recordId === "" ? "" : `${style.bold(safe(recordId))} `;
        return `${style.red("✗")} ${prefix}${faultText(kind)}: ${safe(message)}`;
      }),
    );
  if (moreFaults > 0) print.note(`and ${moreFaults} more`);
  const summary = `${records} records under ${checkpoints} checkpoints`;
  if (faults.length === 0) print.line(`${style.green("✓")} ${safe(file)}: ${summary}, all valid`);
  else {
    print.line(
      `${style.red("✗")} ${safe(file)} was altered: ${faults.length + moreFaults} faults in ${summary}`,
    );
    print.note(
      "Keep this file and export again. If the new export is valid, this file was altered after the export.",
    );
  }
}

function jsonOf(file: string, { records, checkpoints, faults, moreFaults }: ExportVerdict): object {
  return {
    file,
    ok: faults.length === 0,
    records,
    checkpoints,
    faults: faults.map(({ recordId, kind, message }) => ({ recordId, kind: faultText(kind), message })),
    moreFaults,
  };
}

const faultTexts: Readonly<Partial<Record<AuditFaultKind, string>>> = {
  [AuditFaultKind.AUDIT_FAULT_KIND_REMOVED]: "removed",
  [AuditFaultKind.AUDIT_FAULT_KIND_CHANGED]: "changed",
  [AuditFaultKind.AUDIT_FAULT_KIND_SWAPPED]: "swapped",
  [AuditFaultKind.AUDIT_FAULT_KIND_INSERTED]: "inserted",
  [AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE]: "signature",
};

function faultText(kind: AuditFaultKind): string {
  return faultTexts[kind] ?? "unknown";
}
