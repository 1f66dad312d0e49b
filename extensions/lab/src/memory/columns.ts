/** Columns of numbers, as documents carry them: little-endian bytes in base64. */

import type { Column } from '../api/documents.ts';

interface Base64Decoder {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** The bytes of a base64 text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as Base64Decoder).fromBase64;
  if (native) {
    return native(text);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}

const SIZES = { u8: 1, u16: 2, u32: 4, f64: 8 };

/** The numbers of a column, all of one machine type whatever the column's own is. */
export function decodeColumn(column: Column, count: number, name: string): Float64Array {
  const bytes = decodeBase64(column.data);
  const size = SIZES[column.type];
  if (!size || bytes.length !== size * count) {
    throw new Error(
      `The column "${name}" should hold ${count} numbers of type ${column.type}; ` +
        `it has ${bytes.length} bytes.`
    );
  }
  const buffer = bytes.byteOffset % size ? bytes.slice().buffer : bytes.buffer;
  const start = bytes.byteOffset % size ? 0 : bytes.byteOffset;
  switch (column.type) {
    case 'u8':
      return new Float64Array(bytes);
    case 'u16':
      return new Float64Array(new Uint16Array(buffer, start, count));
    case 'u32':
      return new Float64Array(new Uint32Array(buffer, start, count));
    case 'f64':
      return new Float64Array(buffer, start, count);
  }
}

/** Numbers as a column of the narrowest type that holds them. */
export function encodeColumn(values: Float64Array | readonly number[]): Column {
  let most = 0;
  let least = 0;
  let whole = true;
  for (const value of values) {
    most = Math.max(most, value);
    least = Math.min(least, value);
    whole &&= Number.isInteger(value);
  }
  const fits = (limit: number): boolean => whole && least >= 0 && most <= limit;
  if (fits(0xff)) {
    return { type: 'u8', data: encodeBase64(Uint8Array.from(values)) };
  }
  if (fits(0xffff)) {
    return { type: 'u16', data: encodeBase64(new Uint8Array(Uint16Array.from(values).buffer)) };
  }
  if (fits(0xffffffff)) {
    return { type: 'u32', data: encodeBase64(new Uint8Array(Uint32Array.from(values).buffer)) };
  }
  return { type: 'f64', data: encodeBase64(new Uint8Array(Float64Array.from(values).buffer)) };
}

function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + 0x8000)));
  }
  return btoa(parts.join(''));
}
