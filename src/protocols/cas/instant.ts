const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)(?:\[[^\]]*\])?$/i;
const EPOCH_SECONDS = /^\d{1,12}(?:\.\d+)?(?:E\+?\d{1,2})?$/i;

/**
 * A moment as milliseconds since 1970, or null (CAS Appendix A, `authenticationDate`): ISO text with a zone, also with
 * the zone's name behind it as Java prints it, or the seconds with a fraction that Apereo sends as JSON. A time without
 * a zone is not guessed: hours of error would let an old login pass for a fresh one.
 */
export function readInstant(text: string): number | null {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, day, time, fraction = '', zone = ''] = iso;
    const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
    const at = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
    return Number.isNaN(at) ? null : at;
  }
  if (!EPOCH_SECONDS.test(text)) return null;
  // The nearest double of 1.733 s is a hair below it, and cutting off would lose a millisecond.
  const at = Math.floor(Number(text) * 1000 + 0.001);
  return Number.isSafeInteger(at) ? at : null;
}
