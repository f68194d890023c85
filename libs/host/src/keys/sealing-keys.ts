/**
 * The keys that seal secrets, a file each next to the other keys of the installation. The youngest seals new secrets.
 * Older ones stay for secrets that they sealed, including those in journals and backups.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Foundation, IdSource, systemCodeOf } from "@tutti/kernel";
import type { SealingKey } from "@tutti/policy";
import { contentOf, createKeysDirectory, readable, readOrCreate } from "./key-files.ts";

interface WrittenSealingKey {
  readonly sealingKeyId: string;
  readonly createMs: number;
  /** 32 bytes, base64url: the secret. */
  readonly key: string;
}

const keyBytes = 32;
const form = /^sealing-([A-Za-z0-9_]+)\.json$/;
const first = "first";

export class SealingKeys {
  readonly #directory: string;
  readonly #ports: Pick<Foundation, "clock" | "chance">;
  readonly #ids: IdSource;

  constructor(directory: string, ports: Pick<Foundation, "clock" | "chance">) {
    this.#directory = directory;
    this.#ports = ports;
    this.#ids = new IdSource(ports);
  }

  /**
   * Returns the youngest key, and creates one if there is none. Another process may have created one since the last
   * look.
   */
  async current(): Promise<SealingKey> {
    let youngest: WrittenSealingKey | undefined;
    for (const name of this.#names()) {
      const key = contentOf<WrittenSealingKey>(join(this.#directory, name));
      if (key !== undefined && (youngest === undefined || key.createMs > youngest.createMs)) youngest = key;
    }
    return youngest === undefined ? this.getOrCreate(first) : this.#keyOf(youngest);
  }

  /** Returns a key by its id. Undefined if it is not here. */
  find(sealingKeyId: string): SealingKey | undefined {
    const name = fileOf(sealingKeyId);
    const written = form.test(name) ? contentOf<WrittenSealingKey>(join(this.#directory, name)) : undefined;
    return written && this.#keyOf(written);
  }

  /** Creates a key under an id, or returns the existing one. */
  async getOrCreate(sealingKeyId: string): Promise<SealingKey> {
    await createKeysDirectory(this.#directory);
    const { clock, chance } = this.#ports;
    const file = join(this.#directory, fileOf(sealingKeyId));
    const written = await readOrCreate<WrittenSealingKey>(file, this.#ids, () => ({
      sealingKeyId,
      createMs: clock.now(),
      key: Buffer.from(chance.fill(new Uint8Array(keyBytes))).toString("base64url"),
    }));
    return this.#keyOf(written);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory).filter((name) => form.test(name));
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  #keyOf({ sealingKeyId, key }: WrittenSealingKey): SealingKey {
    const file = join(this.#directory, fileOf(sealingKeyId));
    return readable(file, () => {
      const bytes = Buffer.from(key, "base64url");
      if (bytes.length !== keyBytes) throw new Error(`${bytes.length} bytes, not ${keyBytes}`);
      return { sealingKeyId, key: bytes };
    });
  }
}

function fileOf(sealingKeyId: string): string {
  return `sealing-${sealingKeyId}.json`;
}
