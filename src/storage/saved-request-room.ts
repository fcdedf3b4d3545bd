/** How many bytes of saved requests one process lets lie in the store. */
export interface Room {
  /**
   * Reserves room at once, before anything is written: those that come at the same moment must not slip past the limit
   * together.
   *
   * @param isStranger nobody is known to have sent it
   * @returns undefined if there is room, else what is full; nothing is reserved then
   */
  take(id: string, bytes: number, isStranger: boolean, expiresAt: number): 'siteFull' | 'strangersFull' | undefined;
  release(id: string): void;
}

export interface RoomOptions {
  readonly clock: () => number;
  readonly totalBytes: number;
  /** The part of `totalBytes` that strangers may fill. */
  readonly strangerBytes: number;
}

interface Place {
  readonly bytes: number;
  readonly isStranger: boolean;
  readonly expiresAt: number;
}

export function createRoom({ clock, totalBytes, strangerBytes }: RoomOptions): Room {
  const places = new Map<string, Place>();
  let taken = 0;
  let takenByStrangers = 0;

  const count = ({ bytes, isStranger }: Place, sign: 1 | -1) => {
    taken += sign * bytes;
    if (isStranger) takenByStrangers += sign * bytes;
  };
  const release = (id: string) => {
    const place = places.get(id);
    if (place === undefined) return;
    places.delete(id);
    count(place, -1);
  };
  const fullness = (bytes: number, isStranger: boolean) => {
    if (taken + bytes > totalBytes) return 'siteFull';
    return isStranger && takenByStrangers + bytes > strangerBytes ? 'strangersFull' : undefined;
  };
  const releaseExpired = () => {
    const now = clock();
    for (const [id, { expiresAt }] of places) if (expiresAt <= now) release(id);
  };

  return {
    take(id, bytes, isStranger, expiresAt) {
      // What another process resumed, and what nobody came back for, is only noticed when it has expired.
      if (fullness(bytes, isStranger) !== undefined) releaseExpired();
      const full = fullness(bytes, isStranger);
      if (full !== undefined) return full;
      const place = { bytes, isStranger, expiresAt };
      places.set(id, place);
      count(place, 1);
      return undefined;
    },
    release,
  };
}
