/**
 * What a transfer sends, readable at any offset, at once.
 *
 * The machine never waits: octets that are not in memory are answered with undefined. The machine then returns a step that
 * is `waiting`; whoever runs it gets hold of the octets (a content remembers what it was asked for) and calls `resume`.
 * So a file of any size needs no more memory than the windows of its readers.
 */
export interface Content {
  /** Exactly `length` octets from `offset` on, fewer only at the end of the content; undefined: not in memory yet. */
  read(offset: number, length: number): Uint8Array | undefined
}

/** Octets that are in memory, as they are. */
export function memoryContent(bytes: Uint8Array): Content {
  return { read: (offset, length) => bytes.subarray(offset, offset + length) }
}
