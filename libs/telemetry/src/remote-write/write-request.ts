/**
 * A request of Prometheus' remote write, version 1.0: series with their samples, as protobuf in a Snappy block.
 *
 * 1. Labels are in the order of their names, with the metric as `__name__`. An empty value is no label.
 */
import { snappyCompressed } from "./snappy.ts";

/** A sample of a series. A value that is not a number marks the end of the series. */
export interface Sample {
  readonly timeMs: number;
  readonly value: number;
}

export interface WrittenSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** Prometheus recognizes the end of a series by this one of all NaN values. */
const staleMarker = 0x7ff0_0000_0000_0002n;

export function writeRequest(
  series: readonly WrittenSeries[],
  common: Readonly<Record<string, string>>,
): Uint8Array {
  const writer = new ProtoWriter();
  for (const { name, labels, samples } of series)
    writer.message(1, () => {
      const own = Object.entries({ ...common, ...labels, __name__: name }).filter(
        ([, value]) => value !== "",
      );
      for (const [label, value] of own.sort(([one], [other]) => (one < other ? -1 : 1)))
        writer.message(1, () => {
          writer.text(1, label);
          writer.text(2, value);
        });
      for (const { value, timeMs } of samples)
        writer.message(2, () => {
          writer.double(1, value);
          writer.varint(2, timeMs);
        });
    });
  return snappyCompressed(writer.bytes());
}

class ProtoWriter {
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;

  /** The length of a message fits four bytes. It is written after the message, as a padded and still valid varint. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    const at = this.#length;
    this.#room(4);
    this.#length += 4;
    write();
    const length = this.#length - at - 4;
    for (let byte = 0; byte < 4; byte += 1)
      this.#bytes[at + byte] = ((length >>> (7 * byte)) & 0x7f) | (byte < 3 ? 0x80 : 0);
  }

  text(field: number, value: string): void {
    this.#tag(field, 2);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#room(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#room(8);
    if (Number.isNaN(value)) this.#bytes.writeBigUInt64LE(staleMarker, this.#length);
    else this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  varint(field: number, value: number): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #tag(field: number, wire: number): void {
    this.#varint((field << 3) | wire);
  }

  #varint(value: number): void {
    this.#room(10);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#bytes.length + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
