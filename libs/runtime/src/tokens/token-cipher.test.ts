import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { writeToken } from "./token.ts";
import { TokenCipher } from "./token-cipher.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

describe("tokens that leave the installation", () => {
  it("are encrypted as FIPS 197 has it", () => {
    const block = hex("00112233445566778899aabbccddeeff");
    const cipher = new TokenCipher(hex("000102030405060708090a0b0c0d0e0f"));
    cipher.encrypt(block);
    assert.deepEqual(block, hex("69c4e0d86a7b0430d8cdb78070b4c55a"));
    cipher.decrypt(block);
    assert.deepEqual(block, hex("00112233445566778899aabbccddeeff"));
  });

  it("are encrypted as by OpenSSL, and decrypt to the same bytes, for any key and any bytes", () => {
    const chance = seededChance(11);
    for (let round = 0; round < 2_000; round++) {
      const [key, bytes] = [chance.fill(new Uint8Array(16)), chance.fill(new Uint8Array(16))];
      const other = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
      const [cipher, block] = [new TokenCipher(key), bytes.slice()];
      cipher.encrypt(block);
      assert.deepEqual(Buffer.from(block), other.update(bytes));
      cipher.decrypt(block);
      assert.deepEqual(block, bytes);
    }
  });

  it("are unrelated: consecutive tokens differ in half of their bits", () => {
    const cipher = new TokenCipher(seededChance(12).fill(new Uint8Array(16)));
    const encrypted = Array.from({ length: 1_000 }, (_, number) => {
      const bytes = writeToken({ partition: 1, incarnation: 7, number, attempt: 1 });
      cipher.encrypt(bytes);
      return bytes;
    });
    assert.equal(new Set(encrypted.map((bytes) => Buffer.from(bytes).toString("hex"))).size, 1_000);
    let bits = 0;
    for (const [index, bytes] of encrypted.slice(1).entries())
      for (const [place, byte] of bytes.entries())
        for (let rest = byte ^ (encrypted[index]?.[place] ?? 0); rest > 0; rest >>>= 1) bits += rest & 1;
    const share = bits / (999 * 128);
    assert.ok(share > 0.49 && share < 0.51, `${share}`);
  });

  it("need the key", () => {
    const cipher = new TokenCipher();
    assert.throws(() => cipher.encrypt(new Uint8Array(16)), /the key is open/);
    assert.throws(() => cipher.decrypt(new Uint8Array(16)), /the key is open/);
    assert.throws(() => cipher.open(new Uint8Array(15)), /length of a block/);
  });
});
