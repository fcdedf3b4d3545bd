/** Memory that all bodies of one process share. */
export interface BodyRoom {
  /** Returns false, and takes nothing, if there is less left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** Bytes in use. */
  readonly heldBytes: number;
}

export function createBodyRoom(maxBytes: number): BodyRoom {
  let heldBytes = 0;
  return {
    take(bytes) {
      if (heldBytes + bytes > maxBytes) return false;
      heldBytes += bytes;
      return true;
    },
    give(bytes) {
      heldBytes -= bytes;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}

/** The bytes of one body, up to a limit. */
export interface BodyBuffer {
  add(chunk: Uint8Array): 'added' | 'tooLarge' | 'noRoom';
  bytes(): Buffer;
  /** Gives the memory back. Bytes that were handed out stay as they are. */
  clear(): void;
}

const FIRST_BYTES = 4096;

/**
 * Copies what it is given into one block. A list of the chunks themselves would cost a hundred times its bytes if they
 * came one by one, and each may hold a far larger block of the socket in memory.
 */
export function createBodyBuffer(room: BodyRoom, maxBytes: number): BodyBuffer {
  let block = Buffer.alloc(0);
  let length = 0;

  function grow(needed: number): boolean {
    const size = Math.min(maxBytes, Math.max(needed, block.length * 2, FIRST_BYTES));
    // Old and new are in memory together for a moment.
    if (!room.take(size)) return false;
    const larger = Buffer.allocUnsafeSlow(size);
    block.copy(larger, 0, 0, length);
    room.give(block.length);
    block = larger;
    return true;
  }

  return {
    add(chunk) {
      const needed = length + chunk.length;
      if (needed > maxBytes) return 'tooLarge';
      if (needed > block.length && !grow(needed)) return 'noRoom';
      block.set(chunk, length);
      length = needed;
      return 'added';
    },
    bytes: () => block.subarray(0, length),
    clear() {
      room.give(block.length);
      block = Buffer.alloc(0);
      length = 0;
    },
  };
}
